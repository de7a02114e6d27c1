import { spawn } from 'node:child_process';
import { appendFile } from 'node:fs/promises';

/** How a program of the host is run. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What it prints is added to this file. */
  readonly log?: string;
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** How a program ended, and what it said. */
export interface Ran {
  /** Exit status; -1 when a signal or the time limit ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of the host and waits for its end, whatever it is. */
export async function attempt(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<Ran> {
  const [program, ...words] = argv;
  const child = spawn(program, words, {
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: 'SIGKILL' as const }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const code = await new Promise<number>((done, failed) => {
    child.once('error', failed);
    child.once('close', (status) => done(status ?? -1));
  });
  if (options.log !== undefined) await appendFile(options.log, `$ ${argv.join(' ')}\n${stdout}${stderr}`);
  return { code, stdout, stderr };
}

/** Runs a program of the host; its output, or an error with the last lines of what it said. */
export async function run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await attempt(argv, options);
  if (code === 0) return stdout;
  const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-12).join('\n  ');
  const where = options.log === undefined ? '' : `\n  all of it: ${options.log}`;
  throw new Error(`${argv.join(' ')} ended with ${code}:\n  ${said}${where}`);
}

/** Waits. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}

/** Asks again and again until there is an answer; throws when the time is over. */
export async function until<T>(what: string, timeoutMs: number, ask: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`${what}: not within ${Math.round(timeoutMs / 1000)} s`);
    await sleep(200);
  }
}
