import { execFile } from 'node:child_process';
import pLimit from 'p-limit';
import { emptyRecord, isRecord } from '../config/plain.ts';
import type { Problem } from '../core/problem.ts';
import { plainJson } from './data-file.ts';
import type { Draft } from './draft.ts';
import { readListing } from './listing-json.ts';
import { labelOf } from './text-file.ts';

const MAX_OUTPUT = 64 * 1024 * 1024;
const TIMEOUT_MS = 5 * 60_000;
const AT_ONCE = 8;

/** How an inventory executable is run. */
export interface RunContext {
  readonly cwd: string;
  readonly signal: AbortSignal;
}

/** Runs an executable with `--list`, and with `--host` for each host when it gives no `_meta`, and reads its JSON. */
export async function readExecutable(draft: Draft, path: string, context: RunContext): Promise<void> {
  const label = labelOf(path);
  const listing = await runForJson(path, ['--list'], context);
  draft.notes.push(...listing.notes);
  if ('problem' in listing) {
    draft.problems.push(listing.problem);
    return;
  }
  const at = { file: label, line: 1, col: 1 };
  const hosts = readListing(draft, listing.value, { label: `the output of "${label}"`, at: () => at });
  if (hosts === undefined) return;
  const limit = pLimit(AT_ONCE);
  const answers = hosts.names.map((name) =>
    limit(async () => [name, await runForJson(path, ['--host', name], context)] as const),
  );
  for (const [name, answer] of await Promise.all(answers)) {
    draft.notes.push(...answer.notes);
    if ('problem' in answer) draft.problems.push(answer.problem);
    else hosts.setVars(name, answer.value);
  }
}

type Result = { readonly value: unknown } | { readonly problem: Problem };
type Answer = Result & { readonly notes: readonly Problem[] };

async function runForJson(path: string, args: readonly string[], context: RunContext): Promise<Answer> {
  const label = labelOf(path);
  const command = [label.includes('/') ? label : `./${label}`, ...args].join(' ');
  const ran = await run(path, args, context);
  context.signal.throwIfAborted();
  if (ran.failure !== undefined) {
    const said = lastLine(ran.stderr);
    const message = `the inventory executable "${command}" ${ran.failure}${said === '' ? '' : `: ${said}`}`;
    const hint = `run it by hand: ${command}`;
    return { problem: { code: 'E_INVENTORY', message, hint, at: start(label) }, notes: [] };
  }
  const aside = `"${command}" said: ${lastLine(ran.stderr)}`;
  const notes: readonly Problem[] =
    ran.stderr.trim() === '' ? [] : [{ code: 'E_INVENTORY', message: aside, at: start(label) }];
  if (args[0] === '--host' && ran.stdout.trim() === '') return { value: emptyRecord(), notes };
  return { ...parseOutput(ran.stdout, command, label), notes };
}

function parseOutput(stdout: string, command: string, label: string): Result {
  const refused: string[] = [];
  let value: unknown;
  try {
    value = plainJson(JSON.parse(stdout), (name) => refused.push(name));
  } catch {
    value = undefined;
  }
  const [name] = refused;
  if (isRecord(value) && name === undefined) return { value };
  const message =
    name === undefined
      ? `"${command}" must print a JSON object, found ${stdout.trim() === '' ? 'nothing' : show(stdout)}`
      : `"${command}" printed the name "${name}", which cannot be used`;
  return { problem: { code: 'E_INVENTORY', message, hint: `run it by hand: ${command}`, at: start(label) } };
}

function start(file: string): { file: string; line: number; col: number } {
  return { file, line: 1, col: 1 };
}

function show(text: string): string {
  return JSON.stringify(text.trim().slice(0, 60));
}

function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1) ?? '';
  return line.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ').slice(0, 300);
}

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly failure: string | undefined;
}

function run(path: string, args: readonly string[], { cwd, signal }: RunContext): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { cwd, signal, maxBuffer: MAX_OUTPUT, timeout: TIMEOUT_MS, encoding: 'utf8' } as const;
    const child = execFile(path, args, options, (error, stdout, stderr) => {
      resolve({ stdout, stderr, failure: error === null ? undefined : failureOf(error) });
    });
    child.stdin?.end();
  });
}

function failureOf(error: { code?: unknown; killed?: boolean; signal?: unknown; message: string }): string {
  if (typeof error.code === 'number') return `ended with exit status ${error.code}`;
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return `printed more than ${MAX_OUTPUT} bytes`;
  if (error.killed === true) return `did not end within ${TIMEOUT_MS / 60_000} minutes`;
  if (typeof error.signal === 'string') return `was ended by ${error.signal}`;
  if (error.code === 'ENOENT') return 'cannot be run, the interpreter in its first line is not there';
  return `cannot be run (${typeof error.code === 'string' ? error.code : error.message})`;
}
