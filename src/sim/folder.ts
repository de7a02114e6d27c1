import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const MEMORY = '/dev/shm';
/** Less than this much memory for files is kept for others. */
const ROOM = 512 * 1024 ** 2;

/**
 * Makes the folder of a fleet, in memory where that can be: a thousand hosts are eighty thousand small files, which cost a
 * busy disk minutes. A folder that was asked for, by option or by TMPDIR, is taken as it is.
 */
export function makeFolder(wanted: string | undefined): string {
  const base = wanted ?? (process.env['TMPDIR'] === undefined ? inMemory() : undefined) ?? tmpdir();
  const folder = mkdtempSync(join(base, 'copse-sim-'));
  for (const name of ['ctl', 'h']) mkdirSync(join(folder, name));
  execFileSync('mkfifo', [join(folder, 'ctl', 'in')]);
  return folder;
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
    writeFileSync(program, '#!/bin/sh\nexit 0\n');
    chmodSync(program, 0o700);
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
  const gone = `${folder}.gone`;
  renameSync(folder, gone);
  const remove = spawn('rm', ['-rf', '--', gone], { detached: true, stdio: 'ignore' });
  const waited = new AbortController();
  await Promise.race([
    once(remove, 'exit'),
    delay(REMOVE_MS, undefined, { signal: waited.signal }).catch(() => undefined),
  ]);
  waited.abort();
  remove.unref();
}
