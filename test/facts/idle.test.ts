import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idleQuestion, whoseWork } from '../../src/facts/idle.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'copse-idle-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What a host has, as shell text by program. */
type Programs = Readonly<Record<string, string>>;

/** What the question answers on a host with these programs. */
function asked(title: string, programs: Programs): { readonly code: number | null; readonly stdout: string } {
  const bin = join(folder, title.replaceAll(/\W+/g, '-'));
  mkdirSync(bin);
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const [program, ...words] = idleQuestion().argv;
  const env = { PATH: `${bin}:/usr/bin:/bin` };
  const { status, stdout } = spawnSync(program, words, { env, encoding: 'utf8' });
  return { code: status, stdout };
}

const QUIET = 'printf "ActiveState=inactive\\n\\nActiveState=inactive\\n"';
const status = (transaction: unknown): string =>
  `cat <<'END'\n${JSON.stringify({ deployments: [{ id: 'a' }], transaction, 'cached-update': null }, null, 2)}\nEND`;
const BUSY = ['PkgChange', ':1.95', '/org/projectatomic/rpmostree1/fedora_coreos'];
const me = process.pid;
const comm = readFileSync(`/proc/${me}/comm`, 'utf8').trim();
/** A bus on which the client is, or is not any more. */
const bus = (isThere: boolean): string =>
  `case "$5 $7" in "NameHasOwner :1.95") echo "b ${String(isThere)}" ;; "GetConnectionUnixProcessID :1.95") echo "u ${me}" ;; *) exit 1 ;; esac`;

describe('whether somebody is at work on the deployments', () => {
  it.each<readonly [string, Programs, number, string]>([
    ['no transaction', { systemctl: QUIET, 'rpm-ostree': status(null) }, 0, ''],
    ['an update of bootc', { systemctl: 'echo ActiveState=activating', 'rpm-ostree': status(null) }, 1, ''],
    ['a status that cannot be had', { systemctl: QUIET, 'rpm-ostree': 'exit 1' }, 1, ''],
    [
      'a transaction whose client is there',
      { systemctl: QUIET, 'rpm-ostree': status(BUSY), busctl: bus(true) },
      1,
      `PkgChange of ${comm}, pid ${me}\n`,
    ],
    [
      'a transaction whose client is gone',
      { systemctl: QUIET, 'rpm-ostree': status(BUSY), busctl: bus(false) },
      1,
      'PkgChange, whose client is gone\n',
    ],
    [
      'a transaction on a host whose bus tells nothing',
      { systemctl: QUIET, 'rpm-ostree': status(BUSY), busctl: 'exit 1' },
      1,
      'PkgChange of :1.95\n',
    ],
    ['a status of another form', { systemctl: QUIET, 'rpm-ostree': status(['a;reboot', '$(reboot)']) }, 1, ''],
  ])('%s', (title, programs, code, stdout) => {
    expect(asked(title, programs)).toEqual({ code, stdout });
  });
});

describe('whose work it is', () => {
  it.each([
    ['', ''],
    ['PkgChange of dnf5, pid 7\n', ' (PkgChange of dnf5, pid 7)'],
    ['\u001b[2Jx\n', ' ([2Jx)'],
    ['x'.repeat(500), ` (${'x'.repeat(120)})`],
  ])('%j is told as %j', (said, told) => {
    expect(whoseWork(said)).toBe(told);
  });
});
