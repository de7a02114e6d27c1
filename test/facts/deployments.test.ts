import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../src/core/problem.ts';
import { parseDeployments } from '../../src/facts/deployments.ts';
import { capture, hasCaptures, NO_CAPTURES } from './fixtures.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

function rpmOstree(deployments: readonly Record<string, unknown>[], over: Record<string, unknown> = {}): string {
  const base = { osname: 'fedora', checksum: A, booted: false, 'base-commit-meta': {} };
  return JSON.stringify({ deployments: deployments.map((one) => ({ ...base, ...one })), transaction: null, ...over });
}

function messageOf(text: string): string {
  try {
    parseDeployments(text);
  } catch (error) {
    const [problem] = problemsOf(error);
    return `${problem?.code} ${problem?.message}`;
  }
  return 'was read';
}

describe('the status of rpm-ostree', () => {
  it('tells what runs, what boots next, and who is at work', () => {
    const text = rpmOstree(
      [
        {
          id: `fedora-${B}.0`,
          checksum: B,
          staged: true,
          'base-checksum': A,
          'requested-packages': ['tmux'],
          packages: ['tmux'],
        },
        { id: `fedora-${A}.0`, booted: true, version: '41.1', origin: 'fedora:x' },
      ],
      {
        transaction: ['PkgChange', ':1.95', '/org/x'],
        'update-driver': { 'driver-name': 'Zincati', 'driver-sd-unit': 'zincati.service' },
      },
    );

    const facts = parseDeployments(text);

    expect({ ...facts, deployments: facts.deployments.length }).toEqual({
      tool: 'rpm-ostree',
      deployments: 2,
      booted: facts.deployments[1],
      pending: true,
      busy: true,
      driver: 'zincati.service',
    });
    expect(facts.deployments[0]).toEqual({
      id: `fedora-${B}.0`,
      checksum: B,
      base_checksum: A,
      version: '',
      origin: '',
      booted: false,
      staged: true,
      pinned: false,
      locked: false,
      stateroot: 'fedora',
      requested_packages: ['tmux'],
      packages: ['tmux'],
      local_packages: [],
      live: '',
    });
  });

  it('sees a pending change of kernel arguments, where only the serial differs', () => {
    const text = rpmOstree([{ id: `fedora-${A}.1` }, { id: `fedora-${A}.0`, booted: true }]);

    expect(parseDeployments(text).pending).toBe(true);
  });

  it('does not take a rollback behind the booted deployment for pending', () => {
    const text = rpmOstree([
      { id: `fedora-${A}.0`, booted: true },
      { id: `fedora-${B}.0`, checksum: B },
    ]);

    expect(parseDeployments(text).pending).toBe(false);
  });

  it('knows that a locked stage does not boot next', () => {
    const locked = { id: `fedora-${B}.0`, checksum: B, staged: true, 'finalization-locked': true };
    const text = rpmOstree([locked, { id: `fedora-${A}.0`, booted: true }]);

    expect(parseDeployments(text).pending).toBe(false);
  });

  it('takes a live state that was reset for none', () => {
    const text = rpmOstree([{ id: `fedora-${A}.0`, booted: true, 'live-replaced': A }]);

    expect(parseDeployments(text).booted.live).toBe('');
  });

  it.each([
    ['nothing', '', 'E_ANSWER expected the deployments of the host, found ""'],
    ['an error', 'error: x', 'E_ANSWER expected the deployments of the host, found "error: x"'],
    [
      'half of it',
      '{"deployments": [',
      'E_ANSWER expected the status of rpm-ostree as JSON, found text that ends "{"deployments": ["',
    ],
    [
      'other JSON',
      '{"deployments": 3}',
      'E_ANSWER expected the status of rpm-ostree, bootc or ostree, found other JSON: at deployments: Invalid input: expected array, received number',
    ],
  ])('is not guessed from %s', (_, text, message) => {
    expect(messageOf(text)).toBe(message);
  });
});

describe('the status of bootc', () => {
  const entry = (letter: string, over: object = {}): object => ({
    image: { image: { image: `quay.io/x:${letter}`, transport: 'registry' }, version: letter },
    ostree: { checksum: letter.repeat(64), deploySerial: 0, stateroot: 'default' },
    pinned: false,
    incompatible: false,
    ...over,
  });
  const host = (status: object): string => JSON.stringify({ apiVersion: 'x', kind: 'BootcHost', spec: {}, status });

  it.each([
    ['a staged image', { staged: entry('c'), booted: entry('b'), rollback: entry('a') }, true, 'cba'],
    ['a queued rollback', { booted: entry('b'), rollback: entry('a'), rollbackQueued: true }, true, 'ab'],
    ['a download only', { staged: entry('c', { downloadOnly: true }), booted: entry('b') }, false, 'cb'],
    ['nothing to do', { booted: entry('b'), rollback: null, otherDeployments: [entry('d')] }, false, 'bd'],
  ])('puts %s into boot order', (_, status, pending, order) => {
    const facts = parseDeployments(host(status));

    const versions = facts.deployments.map((one) => one.version).join('');
    expect({ tool: facts.tool, pending: facts.pending, order: versions }).toEqual({ tool: 'bootc', pending, order });
    expect(facts.booted).toMatchObject({ id: `default-${B}.0`, origin: 'quay.io/x:b', booted: true });
  });

  it('is none on a host that bootc does not manage', () => {
    expect(parseDeployments(host({ staged: null, booted: null, rollback: null })).tool).toBe('none');
  });
});

describe('the status of ostree', () => {
  it('is read from JSON where ostree prints it', () => {
    const base = { stateroot: 'debian', serial: 0, index: 0, pending: false, rollback: false, refspec: 'o:r' };
    const text = JSON.stringify({
      deployments: [
        { ...base, checksum: B, booted: false, staged: true, pinned: false, 'finalization-locked': true },
        { ...base, checksum: A, booted: true, staged: false, pinned: true, version: '1' },
      ],
    });

    const facts = parseDeployments(text);

    expect(facts.deployments.map(({ id, locked, pinned }) => [id, locked, pinned])).toEqual([
      [`debian-${B}.0`, true, false],
      [`debian-${A}.0`, false, true],
    ]);
    expect({ pending: facts.pending, tool: facts.tool }).toEqual({ pending: false, tool: 'ostree' });
  });

  it('is read from the text of older versions', () => {
    const text = [
      `  debian ${B}.1 (pending)`,
      '    Version: 2',
      '    origin refspec: o:r',
      `* debian ${A}.0`,
      '    Version: 1',
      '    Pinned: yes',
      '    origin: <unknown origin type>',
      '',
    ].join('\n');

    const facts = parseDeployments(text);

    expect(facts.deployments.map((one) => [one.id, one.version, one.origin, one.booted, one.pinned])).toEqual([
      [`debian-${B}.1`, '2', 'o:r', false, false],
      [`debian-${A}.0`, '1', '', true, true],
    ]);
    expect(facts.pending).toBe(true);
  });
});

describe.runIf(hasCaptures)(hasCaptures ? 'captured outputs' : NO_CAPTURES, () => {
  it.each([
    ['status-fcos30-2019-v1.json', false, '', 'booted 0'],
    ['status-fcos30-2019-stream.json', false, '', 'booted 0'],
    ['status-fcos30-2020-base-checksum-added.json', false, '', 'booted 0'],
    ['status-fcos36-staged-container-rebase.json', true, 'zincati.service', 'staged 0, booted 0'],
    ['status-fcos37-staged-overrides.json', true, 'zincati.service', 'staged 1, booted 0'],
    ['status-fcos41-oci-tag.json', false, '', 'booted 0'],
    ['status-fcos43-oci-zincati-driver-annotation.json', false, 'zincati.service', 'booted 0'],
    ['status-fedora-rawhide2017-two-layered.json', false, '', 'booted 11, other 11'],
    ['status-rhel8-edge-layered.json', false, '', 'booted 4, other 4'],
    ['status-rhel8-edge-minimal.json', false, '', 'booted 0'],
    ['status-silverblue33-unfiltered-commit-meta.json', false, '', 'booted 16, other 16'],
    ['status-silverblue38-staged-booted-rollback-layered.json', true, '', 'staged 5, booted 4, other 6'],
    ['status-bootc-cs9-staged-only-no-origin.json', true, '', 'staged 0'],
  ])('%s is understood', (name, pending, driver, requests) => {
    const facts = parseDeployments(capture(name));

    const found = facts.deployments.map((one) => {
      const mark = one.booted ? 'booted' : one.staged ? 'staged' : 'other';
      return `${mark} ${one.requested_packages.length}`;
    });
    expect({ tool: facts.tool, pending: facts.pending, driver: facts.driver, requests: found.join(', ') }).toEqual({
      tool: 'rpm-ostree',
      pending,
      driver,
      requests,
    });
  });

  it.each(['status-rhel8-edge-two-deployments-TRUNCATED.txt', 'status-fcos34-booted-json-TRUNCATED.txt'])(
    '%s is refused, as it is no JSON',
    (name) => {
      expect(messageOf(capture(name))).toMatch(/^E_ANSWER expected/);
    },
  );
});
