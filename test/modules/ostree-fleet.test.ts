import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFleet } from '../../src/sim/fleet.ts';
import { idOf } from '../../src/sim/model/deployment.ts';
import { commitOf } from '../../src/sim/model/repo.ts';
import { bootedOf } from '../../src/sim/model/sysroot.ts';
import type { Fleet, HostOptions, SimHost } from '../../src/sim/types.ts';
import { drive } from '../engine/activation-fleet.ts';
import { QUICK } from '../sim/client.ts';

const STABLE = 'fedora-iot:fedora/stable/x86_64/iot';
const TESTING = 'fedora-iot:fedora/testing/x86_64/iot';
const FLEET = 'fleet:os/stable/x86_64';
const OLD = '42.20260803.0';
const NOW = '42.20260907.0';
const NEW = '42.20261012.0';
const KARGS = ['root=UUID=6f0e5b7c-1c5e-4b8f-9a53-0d6a4f0c9e11', 'rw', 'console=tty0'];
const commit = (version: string, ref = STABLE): string => commitOf(ref, version).checksum;
const id = (version: string, serial = 0, ref = STABLE): string => `fedora-iot-${commit(version, ref)}.${serial}`;
const ADD =
  'ostree_remote: {name: fleet, url: "https://images.example.org/repo", gpg_verify: false, branches: [os/stable/x86_64]}';

interface Row {
  readonly wish: string;
  readonly before?: string;
  readonly host?: Partial<HostOptions>;
  /** Ids of all deployments afterwards, in boot order; the booted one has a star. */
  readonly has: readonly string[];
  readonly kargs?: readonly string[];
  /** What is registered afterwards, as far as it matters. */
  readonly result?: Readonly<Record<string, unknown>>;
  readonly reboots: number;
  /** There was nothing to do. */
  readonly isThere?: true;
}

const ROWS: readonly Row[] = [
  { wish: 'ostree: {upgrade: true}', has: [`*${id(NEW)}`, id(NOW)], reboots: 1, result: { origin: STABLE } },
  { wish: `ostree: {deploy: "${STABLE}"}`, has: [`*${id(NOW)}`, id(OLD)], reboots: 0, isThere: true },
  {
    wish: 'ostree: {upgrade: true, activate: stage}',
    has: [id(NEW), `*${id(NOW)}`, id(OLD)],
    reboots: 0,
    result: { staged: id(NEW), next: id(NEW), booted: id(NOW), needs_reboot: true },
  },
  {
    wish: 'ostree: {upgrade: true}',
    before: 'ostree: {upgrade: true, activate: stage}',
    has: [`*${id(NEW)}`, id(NOW)],
    reboots: 1,
  },
  {
    wish: `ostree: {deploy: "${TESTING}", activate: stage}`,
    has: [id(NEW, 0, TESTING), `*${id(NOW)}`, id(OLD)],
    reboots: 0,
    result: { origin: TESTING },
  },
  { wish: ADD, before: 'debug: {msg: none}', has: [`*${id(NOW)}`, id(OLD)], reboots: 0 },
  {
    wish: `ostree_refs: {refs: ["${FLEET}", "${TESTING}", "os/proven@${commit(NOW)}"], update: true}`,
    before: ADD,
    has: [`*${id(NOW)}`, id(OLD)],
    reboots: 0,
    result: {
      refs: {
        [STABLE]: commit(NOW),
        [FLEET]: commit(NEW, FLEET),
        [TESTING]: commit(NEW, TESTING),
        'os/proven': commit(NOW),
        'ostree/1/1/0': commit(NOW),
        'ostree/1/1/1': commit(OLD),
      },
    },
  },
  {
    wish: `ostree_refs: {absent: ["${TESTING}"], prune: {}}\n  allow_destroy: [/ostree/repo]`,
    before: `ostree_refs: {refs: ["${TESTING}"]}`,
    has: [`*${id(NOW)}`, id(OLD)],
    reboots: 0,
  },
  { wish: `ostree: {deploy: "${FLEET}"}`, before: ADD, has: [`*${id(NEW, 0, FLEET)}`, id(NOW)], reboots: 1 },
  {
    wish: `ostree: {deploy: "${FLEET}", upgrade: true, kargs: {append: [lab.new=1]}}`,
    before: ADD,
    has: [`*${id(NEW, 0, FLEET)}`, id(NOW)],
    kargs: [...KARGS, 'lab.new=1'],
    reboots: 1,
  },
  {
    wish: `ostree: {deploy: "${STABLE}@${commit(OLD)}"}`,
    has: [`*${id(OLD, 1)}`, id(NOW)],
    reboots: 1,
    result: { origin: STABLE, version: OLD },
  },
  {
    wish: `ostree: {deploy: "${STABLE}@${commit(NEW)}", activate: stage}`,
    has: [id(NEW), `*${id(NOW)}`, id(OLD)],
    reboots: 0,
    result: { origin: STABLE },
  },
  {
    wish: `ostree: {deploy: ${commit(OLD)}}`,
    has: [`*${id(OLD, 1)}`, id(NOW)],
    reboots: 1,
    result: { origin: commit(OLD), commit: commit(OLD) },
  },
  {
    wish: 'ostree: {kargs: {append: [\'x="1 2"\', lab.new=1], delete: [console=tty0]}}',
    has: [`*${id(NOW, 1)}`, id(NOW)],
    kargs: [...KARGS.slice(0, 2), 'x="1 2"', 'lab.new=1'],
    reboots: 1,
  },
  {
    wish: 'ostree: {kargs: {replace: [console=ttyS0], append: [quiet]}, activate: stage}',
    before: 'ostree: {kargs: {append: [lab.new=1]}, activate: stage}',
    has: [id(NOW, 2), `*${id(NOW)}`, id(OLD)],
    kargs: [...KARGS.slice(0, 2), 'console=ttyS0', 'lab.new=1', 'quiet'],
    reboots: 0,
  },
  { wish: `ostree: {set_default: "${OLD}"}`, has: [`*${id(OLD)}`, id(NOW)], reboots: 1 },
  {
    wish: `ostree: {set_default: ${commit(OLD)}, activate: stage}`,
    before: 'ostree: {upgrade: true, activate: stage}',
    has: [id(OLD), `*${id(NOW)}`],
    reboots: 0,
    result: { needs_reboot: true, staged: '' },
  },
  {
    wish: `ostree: {set_default: "${NOW}"}`,
    before: `ostree: {set_default: "${OLD}", activate: stage}`,
    has: [`*${id(NOW)}`, id(OLD)],
    reboots: 0,
  },
  {
    wish: 'ostree: {undeploy: rollback}\n  allow_destroy: [rollback]',
    has: [`*${id(NOW)}`],
    reboots: 0,
  },
  {
    wish: 'ostree: {undeploy: pending}\n  allow_destroy: [pending]',
    before: 'ostree: {upgrade: true, activate: stage}',
    has: [`*${id(NOW)}`, id(OLD)],
    reboots: 0,
    result: { needs_reboot: false },
  },
  {
    wish: 'ostree: {pinned: booted}',
    has: [`*${id(NOW)}`, id(OLD)],
    reboots: 0,
    result: { pinned: [id(NOW)] },
  },
  {
    wish: `ostree: {unpinned: [booted, "${OLD}"]}`,
    before: `ostree: {pinned: [booted, "${OLD}"]}`,
    has: [`*${id(NOW)}`, id(OLD)],
    reboots: 0,
    result: { pinned: [] },
  },
  {
    wish: 'ostree: {upgrade: true}',
    before: `ostree: {pinned: "${OLD}"}`,
    has: [`*${id(NEW)}`, id(NOW), id(OLD)],
    reboots: 1,
    result: { pinned: [id(OLD)] },
  },
  { wish: 'ostree: {upgrade: true, retain: true}', has: [`*${id(NEW)}`, id(NOW), id(OLD)], reboots: 1 },
  { wish: 'ostree: {unlock: development}', has: [`*${id(NOW)}`, id(OLD)], reboots: 0 },
  { wish: 'ostree: {unlock: transient}', has: [`*${id(NOW)}`, id(OLD)], reboots: 0 },
  {
    wish: 'ostree: {unlock: hotfix}',
    has: [`*${id(NOW)}`, id(NOW, 1)],
    reboots: 0,
    result: { unlocked: 'hotfix' },
  },
  {
    wish: `ostree: {deploy: "${STABLE}", os: other, activate: stage}`,
    has: [`other-${commit(NOW)}.0`, `*${id(NOW)}`, id(OLD)],
    reboots: 0,
  },
  {
    wish: 'ostree: {upgrade: true}',
    before: 'rpm_ostree: {upgrade: true, activate: stage}',
    host: { isPlainOstree: false },
    has: [`*${id(NEW)}`, id(NOW)],
    reboots: 1,
  },
  {
    wish: 'ostree: {upgrade: true}',
    host: { isPlainOstree: false, driver: 'zincati' },
    has: [`*${id(NEW)}`, id(NOW)],
    reboots: 1,
  },
];

/** The armored key that the cases of the module import too. */
const KEY =
  /-----BEGIN PGP[^]*?-----END PGP[^\n]*/
    .exec(readFileSync('src/modules/ostree-remote/cases.yaml', 'utf8'))?.[0]
    .replaceAll(/^ +/gm, '') ?? '';

let fleet: Fleet;
beforeAll(async () => {
  const hosts = ROWS.map(({ host }, index) => ({ name: `edge${index + 1}`, isPlainOstree: true, ...host }));
  fleet = await startFleet({
    hosts: [
      ...hosts,
      { name: 'drift', isPlainOstree: true },
      { name: 'layered', packages: ['tmux'] },
      { name: 'remotes', isPlainOstree: true },
      { name: 'refused', isPlainOstree: true },
    ],
    user: 'root',
    timing: QUICK,
  });
});
afterAll(async () => {
  await fleet.stop();
});

function listed({ state }: SimHost): readonly string[] {
  const { deployments, bootedId } = state.sysroot;
  return deployments.map((one) => `${idOf(one) === bootedId ? '*' : ''}${idOf(one)}`);
}

it.concurrent.each(ROWS.map((row, index) => [row.wish, row.before ?? '', row, index] as const))(
  '%s (after "%s") is foretold, comes true, and a second run has nothing to do',
  async (wish, before, row, index) => {
    const host = fleet.hosts[index]!;
    const tasks = `- name: wish\n  ${wish}`;
    if (before !== '') expect((await drive(fleet, host.name, `- ${before}`)).problems).toEqual([]);
    const { sysroot, bootId } = host.state;

    const foretold = await drive(fleet, host.name, tasks, { check: true });
    expect([host.state.sysroot, host.state.bootId]).toEqual([sysroot, bootId]);
    const first = await drive(fleet, host.name, tasks);
    const second = await drive(fleet, host.name, tasks);

    const ends = [row.isThere === true ? 'wish ok' : 'wish changed'];
    expect({ problems: first.problems, ends: first.ends }).toEqual({ problems: [], ends });
    expect({ problems: foretold.problems, ends: foretold.ends }).toEqual({ problems: [], ends });
    expect(foretold.of('wish')['diff']).toEqual(first.of('wish')['diff']);
    expect(listed(host)).toEqual(row.has);
    expect(host.state.sysroot.deployments[0]?.kargs).toEqual(row.kargs ?? KARGS);
    expect(first.of('wish')).toMatchObject(row.result ?? {});
    expect({ problems: second.problems, ends: second.ends }).toEqual({ problems: [], ends: ['wish ok'] });
    expect(host.counts.reboots).toBe(row.reboots);
    expect(host.state.bootId === bootId).toBe(row.reboots === 0);
    expect(host.state.units.get('zincati.service')?.active ?? 'active').toBe('active');
  },
  60_000,
);

describe('what is not for ostree', () => {
  it('layered packages are not lost, and the task to write instead is told', async () => {
    const host = fleet.host('layered');
    const { sysroot } = host.state;

    const told = await drive(fleet, host.name, '- {name: wish, ostree: {upgrade: true}}');

    expect(told.problems.join('\n')).toMatch(/has layered packages, overrides or a container image in it/);
    expect(told.hints.join('\n')).toMatch(/use rpm_ostree/);
    expect(host.state.sysroot).toEqual(sysroot);
  });

  it.each([
    [
      'a branch that is not there',
      'ostree: {deploy: "fedora-iot:no-such/branch"}',
      /there is no ref "no-such\/branch"/,
    ],
    ['a remote that is not there', 'ostree: {deploy: "nowhere:os"}', /the repository has no remote "nowhere"/],
    ['a commit that is nowhere', `ostree: {deploy: "${'0'.repeat(64)}"}`, /does not have the commit 0{64}/],
    ['a commit the remote never had', `ostree: {deploy: "${STABLE}@${'0'.repeat(64)}"}`, /the remote answers 404/],
  ])('%s', async (_what, wish, says) => {
    const host = fleet.host('refused');
    const { sysroot } = host.state;

    const told = await drive(fleet, host.name, `- name: wish\n  ${wish}`);

    expect(told.problems.join('\n')).toMatch(says);
    expect([host.state.sysroot, host.counts.reboots]).toEqual([sysroot, 0]);
  });
});

it('what differs in /etc, the history and the refs of a host are told', async () => {
  const host = fleet.host('drift');
  await drive(fleet, host.name, '- ostree: {upgrade: true}');

  const told = await drive(
    fleet,
    host.name,
    `- file: {path: /etc/motd.d, state: directory}
- copy: {dest: /etc/motd.d/hello, content: "hi\\n"}
- copy: {dest: /etc/hosts, content: "127.0.0.1 localhost\\n"}
- file: {path: /etc/ssh/sshd_config.d, state: absent}
  allow_destroy: [/etc/ssh/sshd_config.d]
- {name: known, ostree_check: {config_diff: true, log: "${STABLE}", refs: true, fsck: true}}
- {name: gate, ignore_errors: true, ostree_check: {allow_changes: [/etc/machine-id, /etc/hostname, /etc/fstab, /etc/group, /etc/hosts, /etc/ssh]}}`,
  );

  expect(told.problems).toEqual([
    '/etc differs from the image where it should not: added /etc/motd.d, added /etc/motd.d/hello',
  ]);
  expect(told.of('known')).toMatchObject({
    modified: ['/etc/group', '/etc/hosts'],
    removed: ['/etc/ssh/sshd_config.d'],
    added: ['/etc/fstab', '/etc/hostname', '/etc/machine-id', '/etc/motd.d', '/etc/motd.d/hello'],
    history: [
      { commit: commit(NEW), date: '2026-10-12 06:12:00 +0000', version: NEW, subject: '' },
      { commit: commit(NOW), date: '2026-09-07 06:12:00 +0000', version: NOW, subject: '' },
    ],
    refs: [
      { ref: STABLE, commit: commit(NEW) },
      { ref: 'ostree/1/1/0', commit: commit(NEW) },
      { ref: 'ostree/1/1/1', commit: commit(NOW) },
    ],
  });
});

it('a remote is written, changed where it stands, and removed with its keys', async () => {
  const host = fleet.host('remotes');
  const ends = async (task: string): Promise<readonly string[]> => {
    const told = await drive(fleet, host.name, `- name: wish\n  ${task}`);
    return [...told.ends, ...told.problems];
  };
  const verified = 'ostree_remote: {name: fleet, url: "https://images.example.org/repo"}';

  expect(await ends(verified)).toEqual(['wish changed']);
  expect(await ends(`ostree: {deploy: "${FLEET}", activate: stage}`)).toEqual([
    'wish failed',
    expect.stringMatching(/not signed by a key that the remote trusts/),
  ]);
  const trusted = `ostree_remote:\n    name: fleet\n    url: https://images.example.org/repo\n    keys: |\n${KEY.replaceAll(/^/gm, '      ')}`;
  expect(await ends(trusted)).toEqual(['wish changed']);
  expect(await ends(trusted)).toEqual(['wish ok']);
  expect(await ends(`ostree: {deploy: "${FLEET}", activate: stage}`)).toEqual(['wish changed']);
  expect(await ends('ostree_remote: {name: fedora-iot, url: "https://mirror.invalid/iot"}')).toEqual(['wish changed']);
  expect(await ends(`ostree: {deploy: "${TESTING}", activate: stage}`)).toEqual([
    'wish failed',
    expect.stringMatching(/the server of the remote cannot be reached/),
  ]);
  expect(await ends('ostree_remote: {name: fleet, state: absent}')).toEqual(['wish changed']);
  expect(await ends('ostree_remote: {name: fleet, state: absent}')).toEqual(['wish ok']);
  expect(bootedOf(host.state.sysroot).origin.version).toBe(NOW);
});
