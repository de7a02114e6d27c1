import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findModule } from '../../src/modules/index.ts';
import { explain } from '../../src/modules/rpm-ostree/explain.ts';
import { isAtLeast } from '../../src/modules/rpm-ostree/steps.ts';
import { deployment, sampleFacts } from './facts-sample.ts';

const CAPTURES = new URL('../../../shared/fixtures/rpm-ostree/', import.meta.url).pathname;
const hasCaptures = existsSync(CAPTURES);

function why(stderr: string, stdout = ''): { code: string | undefined; message: string | undefined } {
  const told = explain({ code: 1, stdout, stderr });
  return { code: told?.code, message: told?.message };
}

describe('why a transaction failed', () => {
  it.each([
    ['error: Packages not found: no-such, other', 'E_COMMAND', 'no repository of the host has: no-such, other'],
    [
      "error: Updating deployment: Updating rpm-md repo 'updates': cannot update repo 'updates': Curl error (28)",
      'E_COMMAND',
      'the package repository "updates" cannot be read',
    ],
    [
      'error: Could not depsolve transaction; 2 problems detected:\n Problem 1: package a conflicts with b\n  - x from @System',
      'E_SKEW',
      'the packages need other versions of base packages than the image has',
    ],
    [
      'error: Could not depsolve transaction; 1 problem detected:\n Problem: package a-1 conflicts with b provided by b-1\n  - conflicting requests',
      'E_COMMAND',
      'the packages cannot be installed together: package a-1 conflicts with b provided by b-1; conflicting requests',
    ],
    [
      'error: Could not depsolve transaction; 1 problem detected:\n Problem: conflicting requests\n  - nothing provides missing needed by a-1.x86_64 from updates',
      'E_COMMAND',
      'the packages cannot be installed together: conflicting requests; nothing provides missing needed by a-1.x86_64 from updates',
    ],
    [
      'error: Some base packages would be replaced',
      'E_SKEW',
      'the packages need other versions of base packages than the image has',
    ],
    ['error: Writing content: No space left on device', 'E_SPACE', 'a file system of the host is full'],
    [
      'error: Cannot operate; `LockLayering=true` in configuration.',
      'E_UNSUPPORTED',
      'layering is locked on this host (LockLayering=true in /etc/rpm-ostreed.conf)',
    ],
    [
      "error: Updates and deployments are driven by Zincati (zincati.service)\nSee Zincati's documentation",
      'E_BUSY',
      'updates of this host are driven by Zincati (zincati.service)',
    ],
    ['error: System transaction in progress', 'E_BUSY', 'another transaction is running'],
    ['error: Reboot initiated, cannot start new transaction', 'E_BUSY', 'the host is about to reboot'],
    [
      'error: rpmostreed OS operation PkgChange not allowed for user',
      'E_BECOME',
      'this user may not change the packages of the host',
    ],
    [
      "error: Running %post for foo: bwrap(sh): exit 1; run `journalctl -t 'rpm-ostree(foo.post)'` for more information",
      'E_COMMAND',
      'a script of a package failed; nothing was deployed',
    ],
    ['error: This system was not booted via libostree.', 'E_UNSUPPORTED', 'this system was not booted by ostree'],
    [
      "error: Upgrade target revision 'a' with timestamp 'b' is chronologically older than current revision 'c'",
      'E_COMMAND',
      'the newest image is older than the one the host has',
    ],
    ['error: Package "nosuch" not found', 'E_COMMAND', 'the image has no package "nosuch" that could be taken out'],
    [
      "error: Package 'zstd-1.5.7-1.x86_64' is already in the base",
      'E_COMMAND',
      'the image has just this build already: zstd-1.5.7-1.x86_64',
    ],
    ['error: Remote "x" not found', 'E_COMMAND', 'the host knows no ostree remote "x"'],
    [
      "error: Multiple values for key 'console' found",
      'E_COMMAND',
      'the kernel argument "console" has got more values in the meantime',
    ],
    [
      'error: Reboot blocked by a systemd inhibitor lock in `block` mode\nHeld by: a',
      'E_BUSY',
      'a reboot is blocked by an inhibitor lock',
    ],
    ['error: something new', undefined, 'rpm-ostree failed (exit 1): something new'],
    ['', undefined, undefined],
  ])('is read from %j', (stderr, code, message) => {
    expect(why(stderr)).toEqual({ code, message });
  });

  describe.runIf(hasCaptures)(
    hasCaptures
      ? 'captured transcripts'
      : 'captured transcripts are not part of this repository; they are read beside it only',
    () => {
      it.each([
        [
          'tx-install-packages-not-found.txt',
          'E_COMMAND',
          'no repository of the host has: package-for-another-releaseOnly',
        ],
        [
          'tx-install-repo-unreachable.txt',
          'E_COMMAND',
          'the package repository "fedora-cisco-openh264" cannot be read',
        ],
        [
          'tx-install-depsolve-error.txt',
          'E_SKEW',
          'the packages need other versions of base packages than the image has',
        ],
        [
          'tx-install-already-provided-error.txt',
          'E_COMMAND',
          'the image provides it already: zstd-1.5.6-1.fc40.x86_64',
        ],
        ['tx-transaction-in-progress.txt', 'E_BUSY', 'another transaction is running: update --check'],
        ['tx-transaction-in-progress-null-title.txt', 'E_BUSY', 'another transaction is running: (null)'],
        [
          'tx-bus-owner-changed.txt',
          'E_COMMAND',
          'the daemon of rpm-ostree went away in the middle of the transaction, most often for lack of memory; what came of it is not known',
        ],
        ['tx-bootc-status-no-space.txt', 'E_SPACE', 'a file system of the host is full'],
      ])('%s', (name, code, message) => {
        expect(why(readFileSync(join(CAPTURES, name), 'utf8'))).toEqual({ code, message });
      });

      it.each(['tx-override-replace-remote-docs.txt', 'tx-rebase-ostree-rhel-edge.txt', 'tx-rollback-2017.txt'])(
        '%s has nothing to explain',
        (name) => {
          expect(why('', readFileSync(join(CAPTURES, name), 'utf8'))).toEqual({ code: undefined, message: undefined });
        },
      );
    },
  );
});

it.each([
  ['2018.7', '2018.7', true],
  ['2018.10', '2018.7', true],
  ['2017.11', '2018.7', false],
  ['2022.9', '2022.13', false],
  ['2026.2', '2022.13', true],
  ['', '2022.13', true],
  ['unknown', '2022.13', true],
])('version %j is at least %j: %s', (version, wanted, expected) => {
  expect(isAtLeast(version, wanted)).toBe(expected);
});

describe('what deployments provide', () => {
  const base = mkdtempSync(join(tmpdir(), 'copse-rpm-'));
  afterAll(() => rmSync(base, { recursive: true, force: true }));
  const rpm = spawnSync('rpm', ['--version']).status === 0;

  /** The question with its folder of deployments moved, as this machine has none. */
  function ask(names: readonly string[], path: string): string {
    const module = findModule('rpm_ostree')!;
    const context = { facts: sampleFacts(), check: false, run: 'r' };
    const { provided } = module.probe(module.params.parse({ packages: names }), context);
    const [, ...words] = provided!.argv.map((word) => word.replaceAll('/ostree/deploy', `${base}/deploy`));
    return spawnSync('/bin/sh', words, { encoding: 'utf8', env: { PATH: path } }).stdout;
  }

  function needsLayering(names: readonly string[], provided: string): readonly string[] {
    const module = findModule('rpm_ostree')!;
    const context = { facts: sampleFacts(), check: false, run: 'r' };
    const want = module.params.parse({ packages: names, activate: 'stage' });
    const { id, checksum, stateroot } = deployment({ id: 'fedora-abc.0', checksum: 'abc', stateroot: 'fedora' });
    const status = { deployments: [{ id, osname: stateroot, checksum, booted: true }], transaction: null };
    const text = (stdout: string) => ({ code: 0, stdout, stderr: '', bytes: new Uint8Array() });
    const have = module.read({ status: text(JSON.stringify(status)), provided: text(provided) }, want, context);
    const change = module.plan(want, have, context);
    const [step] = 'steps' in change ? change.steps : [];
    return step?.do === 'transaction' ? step.command.argv.filter((word) => names.includes(word)) : [];
  }

  it.runIf(rpm)(rpm ? 'is asked of a real package database' : 'there is no rpm here to ask', () => {
    const tree = join(base, 'deploy/fedora/deploy/abc.0/usr/share/rpm');
    mkdirSync(tree, { recursive: true });
    writeFileSync(join(base, 'deploy/fedora/deploy/abc.0.origin'), '');
    spawnSync('rpm', ['--dbpath', tree, '--initdb']);

    const said = ask(['tmux', '/no/such/file'], process.env['PATH'] ?? '');

    expect(said.split('\n')[0]).toBe('deployment abc.0');
    expect(said.split('\n').filter((line) => line.includes('copse..none'))).toHaveLength(2);
    expect(needsLayering(['tmux', '/no/such/file'], said)).toEqual(['tmux', '/no/such/file']);
  });

  it('is told apart by order: one name may have many providers, or none, or an answer in any language', () => {
    const said =
      'deployment abc.0\nkein Paket b\nXX copse..none XX\n+c1\n+c2\ncopse..none\n+d\ncopse..none\ncopse..none\n';

    expect(needsLayering(['b', 'c', 'd', 'e'], said)).toEqual(['b', 'e']);
  });

  it('is not known without rpm, and then everything is requested', () => {
    const bin = join(base, 'bin');
    mkdirSync(bin);

    expect(ask(['tmux'], bin)).toBe('');
    expect(needsLayering(['tmux'], '')).toEqual(['tmux']);
  });
});
