import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdirSync, mkdtempSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fault } from '../core/problem.ts';

const MEMORY = '/dev/shm';
/** Less than this much memory for files is kept for others. */
const ROOM = 512 * 1024 ** 2;

/**
 * Makes the folder of a fleet, in memory where that can be: a thousand hosts are eighty thousand small files, which cost a
 * busy disk minutes. A folder that was asked for, by option or by TMPDIR, is taken as it is.
 */
export function makeFolder(wanted: string | undefined): string {
  if (process.platform !== 'linux') throw unsupported('it needs Linux', `this is ${process.platform}`);
  const base = wanted ?? (process.env['TMPDIR'] === undefined ? inMemory() : undefined) ?? tmpdir();
  const folder = mkdtempSync(join(base, 'copse-sim-'));
  for (const name of ['ctl', 'h']) mkdirSync(join(folder, name));
  execFileSync('mkfifo', [join(folder, 'ctl', 'in')]);
  checkShell(folder);
  return folder;
}

/** A busybox that is built to stand alone prefers its own programs to those in PATH, and no stand-in would ever be called. */
function checkShell(folder: string): void {
  const id = join(folder, 'id');
  writeFileSync(id, '#!/bin/sh\necho stand-in\n', { mode: 0o700 });
  const said = execFileSync('/bin/sh', ['-c', 'id; exit 0'], { env: { PATH: folder }, encoding: 'utf8' });
  rmSync(id);
  if (said === 'stand-in\n') return;
  rmSync(folder, { recursive: true });
  throw unsupported('/bin/sh must run the programs in PATH', 'it prefers its own, as a busybox that stands alone does');
}

function unsupported(expected: string, found: string): Error {
  return fault({
    code: 'E_UNSUPPORTED',
    message: `no simulated fleet here: ${expected}, and ${found}`,
    hint: 'run it on a Linux host or in a container whose /bin/sh is dash or bash',
  });
}

/** The memory folder, when there is room in it and programs may be run from it; containers often forbid that. */
function inMemory(): string | undefined {
  let trial: string | undefined;
  try {
    accessSync(MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    if (bavail * bsize < ROOM) return undefined;
    trial = mkdtempSync(join(MEMORY, 'copse-try-'));
    const program = join(trial, 'try');
    writeFileSync(program, '#!/bin/sh\nexit 0\n', { mode: 0o700 });
    execFileSync(program);
    return MEMORY;
  } catch {
    return undefined;
  } finally {
    if (trial !== undefined) rmSync(trial, { recursive: true, force: true });
  }
}

/** How long stopping waits for the files of a fleet to be gone; a slow disk goes on with many hosts by itself. */
const REMOVE_MS = 3000;

/** The folder has gone when this resolves; `rm` takes care of what was in it. */
export async function removeFolder(folder: string): Promise<void> {
  const remove = abandonFolder(folder);
  const waited = new AbortController();
  const patience = delay(REMOVE_MS, undefined, { signal: waited.signal }).catch(() => undefined);
  await Promise.race([once(remove, 'exit'), patience]);
  waited.abort();
}

/** Lets the folder disappear even when this process is about to end. */
export function abandonFolder(folder: string): ChildProcess {
  const gone = `${folder}.gone`;
  renameSync(folder, gone);
  const remove = spawn('rm', ['-rf', '--', gone], { detached: true, stdio: 'ignore' });
  remove.unref();
  return remove;
}
