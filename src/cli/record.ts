import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fault } from '../core/problem.ts';
import type { RunHistory } from '../core/history.ts';
import { openJournal, type Journal } from '../journal/append.ts';
import { foldRun } from '../journal/fold.ts';
import { readJournal } from '../journal/read.ts';
import { writeRequest, type RunRequestFile } from '../journal/request.ts';
import {
  createRunFolder,
  newRunId,
  releaseLease,
  runFolder,
  stateFolder,
  takeLease,
  type RunFolder,
} from '../journal/runs.ts';
import type { Terminal } from './streams.ts';

/** What is written of a run while it runs. */
export interface RunRecord {
  readonly folder: RunFolder;
  readonly journal: Journal;
  /** What an interrupted run knows already. */
  readonly resumed: { readonly history: RunHistory; readonly inDoubt: 'fail' | 'redo' | 'skip' } | undefined;
  /** Gives the run back, so that it can be resumed. */
  end(): Promise<void>;
}

/** Begins a new run; with a request it can be resumed. */
export async function beginRecord(env: Terminal['env'], request?: RunRequestFile): Promise<RunRecord> {
  const folder = await createRunFolder(stateFolder(env), newRunId(new Date(), Math.random));
  const lease = await takeLease(folder);
  if (request !== undefined) await writeRequest(folder, request);
  const journal = await openJournal({ path: folder.journal, epoch: lease.epoch, now: Date.now });
  return { folder, journal, resumed: undefined, end: () => releaseLease(folder, lease) };
}

/** Takes an interrupted run up again: its lease, its journal with a torn tail cut off, and what it knows. */
export async function resumeRecord(
  env: Terminal['env'],
  id: string,
  inDoubt: 'fail' | 'redo' | 'skip',
): Promise<RunRecord> {
  const folder = runFolder(stateFolder(env), id);
  const lease = await takeLease(folder);
  try {
    const { records, sum, bytes } = await readJournal(folder.journal);
    const history = foldRun(records);
    if (history.end !== undefined && history.end.status === 0) {
      throw fault({
        code: 'E_USAGE',
        message: `run ${id} ended well; there is nothing to go on with`,
        hint: `copse show ${id}`,
      });
    }
    const epoch = Math.max(lease.epoch, history.epoch + 1);
    const after = { seq: records.at(-1)?.seq ?? 0, sum, bytes };
    const journal = await openJournal({ path: folder.journal, epoch, now: Date.now, after });
    return { folder, journal, resumed: { history, inDoubt }, end: () => releaseLease(folder, lease) };
  } catch (error) {
    await releaseLease(folder, lease);
    throw error;
  }
}

/** One sum over all files of a playbook, in order. */
export async function digestOf(files: readonly string[], cwd: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(resolve(cwd, file))).update('\0');
  return hash.digest('hex');
}
