import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { UNDO } from '../../src/engine/guard/undo-script.ts';

const NAME = 'run-1';
/** Programs of the undo that change something: it may die before each of their calls. */
const CHANGING = ['rm', 'mv', 'cp', 'rmdir', 'sync', 'systemctl'];

// A busy machine is several times slower.
vi.setConfig({ testTimeout: 120_000 });

let base = '';
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'copse-undo-'));
});
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

/** A folder as a host that is about to undo: a file and a folder that were changed, a file that is new, a command, a unit. */
function host(title: string): string {
  const root = join(base, title);
  const dir = join(root, 'guard', NAME);
  for (const folder of ['bin', 'units', 'etc/folder', `guard/${NAME}/files/3`])
    mkdirSync(join(root, folder), { recursive: true });
  write(root, { 'etc/changed': 'new', 'etc/made': 'new', 'etc/folder/added': 'new', 'etc/folder/kept': 'new' });
  write(dir, { 'files/1': 'old', 'files/2.absent': '', 'files/3/kept': 'old', armed: '' });
  write(dir, {
    paths: ['changed', 'made', 'folder'].map((name) => `${root}/etc/${name}\n`).join(''),
    commands: `run 'undo command 1' touch ${root}/etc/commanded\n`,
    units: 'restart sshd.service\n',
  });
  write(root, { [`units/copse-guard-${NAME}.timer`]: '', [`units/copse-guard-${NAME}@.service`]: '', calls: '0' });
  for (const program of CHANGING) stub(root, program);
  return root;
}

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

/** The program, which counts its calls and ends the whole undo at one of them, as a power cut would. */
function stub(root: string, program: string): void {
  const real = ['/bin', '/usr/bin'].map((folder) => join(folder, program)).find((path) => existsSync(path));
  const run = program === 'systemctl' || program === 'sync' || real === undefined ? 'exit 0' : `exec ${real} "$@"`;
  const text = `#!/bin/sh
read -r calls <"${root}/calls"
calls=$((calls + 1))
echo "$calls" >"${root}/calls"
[ "$calls" != "$DIES_AT" ] || kill -9 "-$UNDO" $$
${run}
`;
  writeFileSync(join(root, 'bin', program), text);
  chmodSync(join(root, 'bin', program), 0o755);
}

/** Runs the undo as the host would, dead before a call of one of those programs; 0 is never. */
async function undo(root: string, mode: 'fire' | 'boot', diesAt: number): Promise<void> {
  writeFileSync(join(root, 'calls'), '0');
  const text = UNDO.replaceAll('/var/lib/copse/guard', `${root}/guard`).replaceAll(
    '/etc/systemd/system',
    `${root}/units`,
  );
  const env = { PATH: `${root}/bin:/usr/bin:/bin`, DIES_AT: String(diesAt) };
  // A group of its own, so that only it is ended.
  const child = spawn('/bin/sh', ['-c', `UNDO=$$\nexport UNDO\n${text}`, 'undo.sh', NAME, mode], {
    env,
    detached: true,
    stdio: 'ignore',
  });
  await new Promise((done) => child.once('close', done));
}

const read = (root: string, path: string): string =>
  existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '(none)';

/** What a host is like that has undone everything, and has nothing left to do. */
const UNDONE = {
  changed: 'old',
  made: '(none)',
  folder: ['kept'],
  kept: 'old',
  commanded: '',
  record: ['failed', 'undone'],
  failed: '',
  units: [],
};

function seen(root: string): typeof UNDONE {
  return {
    changed: read(root, 'etc/changed'),
    made: read(root, 'etc/made'),
    folder: readdirSync(join(root, 'etc/folder')),
    kept: read(root, 'etc/folder/kept'),
    commanded: read(root, 'etc/commanded'),
    record: readdirSync(join(root, 'guard', NAME)),
    failed: read(root, `guard/${NAME}/failed`),
    units: readdirSync(join(root, 'units')) as never[],
  };
}

describe('an undo', () => {
  it('puts everything back', async () => {
    const root = host('whole');

    await undo(root, 'fire', 0);

    expect(seen(root)).toEqual(UNDONE);
  });

  it('in the middle of which the host loses its power is finished at the next boot, wherever it was', async () => {
    const whole = host('calls');
    await undo(whole, 'fire', 0);
    const calls = Number(read(whole, 'calls'));
    const ends: unknown[] = [];

    for (let at = 1; at <= calls; at += 1) {
      const root = host(`dies-${at}`);
      await undo(root, 'fire', at);
      // One that had not begun is begun by the timer, which starts anew at the boot.
      await undo(root, existsSync(join(root, 'guard', NAME, 'armed')) ? 'fire' : 'boot', 0);
      ends.push({ at, ...seen(root) });
    }

    expect(calls).toBeGreaterThan(10);
    expect(ends).toEqual(Array.from({ length: calls }, (_, index) => ({ at: index + 1, ...UNDONE })));
  });
});
