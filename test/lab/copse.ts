import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { attempt } from '../../lab/shell.ts';
import type { Event, Recap, TaskStatus } from '../../src/core/events.ts';

/** How a run of copse ended. */
export interface CopseEnd {
  /** Exit status; -1 when a signal ended it. */
  readonly code: number;
  readonly events: readonly Event[];
  readonly stderr: string;
}

/** A run of copse that may still be going on. */
export interface CopseRun {
  /** Waits for an event that passes the test; an error when the run ends before. */
  seen(what: string, test: (event: Event) => boolean): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<CopseEnd>;
}

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** Starts the built copse with JSON lines; `home` is its home folder, so that it leaves nothing in the user's own. */
export function startCopse(words: readonly string[], home: string): CopseRun {
  const argv = [main, ...words, '--output', 'json'];
  const child = spawn(process.execPath, argv, { env: homeIn(home), stdio: ['ignore', 'pipe', 'pipe'] });
  const events: Event[] = [];
  let [unfinished, stderr, isOver] = ['', '', false];
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (unfinished + text).split('\n');
    unfinished = lines.pop() ?? '';
    events.push(...lines.map((line) => JSON.parse(line) as Event));
  });
  const ended = new Promise<CopseEnd>((done) => {
    child.once('close', (code) => {
      isOver = true;
      done({ code: code ?? -1, events, stderr });
    });
  });
  return {
    ended,
    kill: (signal) => child.kill(signal),
    async seen(what, test) {
      while (!events.some(test)) {
        if (isOver) throw new Error(`copse ended before this was seen: ${what}\n${told({ code: -1, events, stderr })}`);
        await new Promise((done) => setTimeout(done, 20));
      }
    },
  };
}

/** Runs a command of the built copse that prints a JSON document, such as `facts`. */
export async function copseJson(words: readonly string[], home: string): Promise<unknown> {
  const { code, stdout, stderr } = await attempt([process.execPath, main, ...words], { env: homeIn(home) });
  if (code !== 0) throw new Error(`copse ${words.join(' ')} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

function homeIn(home: string): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: home, XDG_STATE_HOME: home, LANG: 'C.UTF-8' };
}

/** The name of a run, by which it can be resumed. */
export function runOf(end: CopseEnd): string {
  const first = end.events.find((event) => event.type === 'run-start' || event.type === 'run-resume');
  if (first === undefined) throw new Error(`the run had not begun\n${told(end)}`);
  return first.run;
}

/** True for the event with which a step of that kind begins. */
export function stepStarts(kind: string): (event: Event) => boolean {
  return (event) => event.type === 'step-start' && event.do === kind;
}

/** Every note of a run. */
export function notesOf(end: CopseEnd): readonly string[] {
  return end.events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
}

/** How each task ended on a host, by its name. */
export function tasksOf(end: CopseEnd, host?: string): Readonly<Record<string, TaskStatus>> {
  const rows = end.events.flatMap((event) =>
    event.type === 'task-end' && (host === undefined || event.ref.host === host)
      ? [[event.ref.name, event.status]]
      : [],
  );
  return Object.fromEntries(rows) as Record<string, TaskStatus>;
}

/** What a task gave back, as `register` would have it. */
export function resultOf(end: CopseEnd, name: string): Readonly<Record<string, unknown>> {
  const found = end.events.find((event) => event.type === 'task-end' && event.ref.name === name);
  if (found?.type !== 'task-end') throw new Error(`no task "${name}" has ended\n${told(end)}`);
  return found.result;
}

/** The codes of all problems of a run. */
export function problemsOf(end: CopseEnd): readonly string[] {
  return end.events.flatMap((event) => (event.type === 'task-end' ? event.problems.map(({ code }) => code) : []));
}

/** The recap of the only host. */
export function recapOf(end: CopseEnd): Recap {
  const last = end.events.findLast((event) => event.type === 'run-end');
  const recap = last?.type === 'run-end' ? last.recap[0] : undefined;
  if (recap === undefined) throw new Error(`the run has no recap\n${told(end)}`);
  return recap;
}

/** Everything a run said, for the text of an assertion that failed. */
export function told({ code, events, stderr }: CopseEnd): string {
  return [`exit status ${code}`, ...events.map((event) => JSON.stringify(event)), stderr].join('\n');
}
