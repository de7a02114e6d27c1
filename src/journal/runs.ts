import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fault } from '../core/problem.ts';

/** Where runs are kept: `$COPSE_STATE`, else `$XDG_STATE_HOME/copse`, else `~/.local/state/copse`. */
export function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  const own = env['COPSE_STATE'];
  if (own !== undefined && own !== '') return own;
  const xdg = env['XDG_STATE_HOME'];
  if (xdg !== undefined && xdg.startsWith('/')) return join(xdg, 'copse');
  return join(env['HOME'] ?? '.', '.local', 'state', 'copse');
}

/** A new run's identity: when, and four characters that keep two runs of the same second apart. Sorts by time. */
export function newRunId(now: Date, random: () => number): string {
  const digits = now.toISOString().replaceAll(/\D/g, '');
  const tail = Math.floor(random() * 36 ** 4)
    .toString(36)
    .padStart(4, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}-${tail}`;
}

/** The folder of one run inside the state folder. */
export interface RunFolder {
  readonly id: string;
  readonly path: string;
  readonly journal: string;
}

/** The folder of a run; it need not exist. */
export function runFolder(state: string, id: string): RunFolder {
  const path = join(state, 'runs', id);
  return { id, path, journal: join(path, 'journal') };
}

/** Makes the folder of a new run, readable by its owner only. */
export async function createRunFolder(state: string, id: string): Promise<RunFolder> {
  const folder = runFolder(state, id);
  try {
    await mkdir(folder.path, { recursive: true, mode: 0o700 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const hint = 'set COPSE_STATE to a folder that can be written';
    throw fault({ code: 'E_JOURNAL', message: `the run's folder cannot be made: ${reason}`, hint }, error);
  }
  return folder;
}

/** Identities of all runs, newest first. */
export async function listRuns(state: string): Promise<readonly string[]> {
  const names = await readdir(join(state, 'runs')).catch(() => []);
  return names
    .filter((name) => /^\d{8}-\d{6}-[a-z0-9]{4}$/.test(name))
    .sort()
    .reverse();
}

/** Who drives a run right now. */
export interface Lease {
  readonly pid: number;
  /** Start time of that process in kernel ticks, so that a pid that was used again is not taken for it. */
  readonly started: string;
  readonly epoch: number;
}

/** Takes a run's lease; refuses with E_BUSY while another living process has it. The epoch grows with each taking. */
export async function takeLease(folder: RunFolder): Promise<Lease> {
  const path = join(folder.path, 'lease.json');
  const held = await readLease(path);
  if (
    held !== undefined &&
    held.pid !== process.pid &&
    (await startOf(held.pid)) === held.started &&
    held.started !== ''
  ) {
    const message = `run ${folder.id} is being driven by another copse, process ${held.pid}`;
    throw fault({ code: 'E_BUSY', message, hint: `wait for it, or end it: kill ${held.pid}` });
  }
  const lease: Lease = { pid: process.pid, started: await startOf(process.pid), epoch: (held?.epoch ?? 0) + 1 };
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, JSON.stringify(lease), { mode: 0o600 });
  await rename(temporary, path);
  return lease;
}

/** Gives a lease back; the epoch is kept for whoever takes it next. */
export async function releaseLease(folder: RunFolder, lease: Lease): Promise<void> {
  const path = join(folder.path, 'lease.json');
  const held = await readLease(path);
  if (held?.epoch !== lease.epoch) return;
  await writeFile(path, JSON.stringify({ pid: 0, started: '', epoch: lease.epoch }), { mode: 0o600 }).catch(() =>
    rm(path, { force: true }),
  );
}

async function readLease(path: string): Promise<Lease | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return isLease(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isLease(value: unknown): value is Lease {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'started' in value &&
    typeof value.started === 'string' &&
    'epoch' in value &&
    typeof value.epoch === 'number'
  );
}

/** When a process began, in clock ticks since boot (field 22 of /proc/PID/stat); empty when it is gone or there is no /proc. */
async function startOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return isAlive(pid) ? 'unknown' : '';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
