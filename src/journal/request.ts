import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fault } from '../core/problem.ts';
import type { RunFolder } from './runs.ts';

/** Everything a run was asked, so that it can go on: no secrets, they are asked for again. */
export const RunRequestFile = z.strictObject({
  version: z.string(),
  cwd: z.string(),
  playbooks: z.array(z.string()),
  /** SHA-256 over every file of the playbook, imports included. */
  digest: z.string(),
  options: z.record(z.string(), z.json()),
});
/** Everything a run was asked. */
export type RunRequestFile = z.infer<typeof RunRequestFile>;

/** Writes it beside the journal, readable by its owner only. */
export async function writeRequest(folder: RunFolder, request: RunRequestFile): Promise<void> {
  try {
    await writeFile(join(folder.path, 'request.json'), `${JSON.stringify(request, null, 2)}\n`, {
      mode: 0o600,
      flag: 'wx',
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw fault({ code: 'E_JOURNAL', message: `the run cannot be recorded: ${reason}` }, error);
  }
}

/** Reads what a run was asked. Throws E_JOURNAL where there is no such run, or it was written by a copse that this one does not understand. */
export async function readRequest(folder: RunFolder): Promise<RunRequestFile> {
  const hint = 'copse runs lists the runs there are';
  let text: string;
  try {
    text = await readFile(join(folder.path, 'request.json'), 'utf8');
  } catch (error) {
    throw fault({ code: 'E_JOURNAL', message: `there is no run "${folder.id}" to go on with`, hint }, error);
  }
  const parsed = RunRequestFile.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const message = `run ${folder.id} was recorded by another version of copse, which this one does not understand`;
  throw fault({
    code: 'E_JOURNAL',
    message,
    hint: 'start a new run: state is read afresh, and only what is missing is done',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
