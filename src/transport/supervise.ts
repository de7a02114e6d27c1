import type { Ending } from '../core/answer.ts';
import { onAbort } from './abort.ts';
import { capture, DEFAULT_CAP } from './capture.ts';
import { feed } from './feed.ts';
import type { Exit, Program } from './program.ts';
import type { ExecRequest, ExecResult } from './transport.ts';
import type { Tuning } from './tuning.ts';

/** When a program has to be over: the time it was asked for (`performance.now()`) and the limits after that. */
export interface Limits {
  readonly startedAt: number;
  readonly tuning: Tuning;
}

/**
 * Runs a program to its end, whatever happens: feeds it, keeps its output, stops it at its deadline or on abort.
 * Must be called in the same turn as the program was started. Rejects only when the source of stdin fails.
 */
export async function supervise(program: Program, request: ExecRequest, limits: Limits): Promise<ExecResult> {
  const stdout = capture(request.cap ?? DEFAULT_CAP);
  const stderr = capture(request.cap ?? DEFAULT_CAP);
  program.stdout.on('data', (chunk: Buffer) => {
    stdout.push(chunk);
    request.onOutput?.('stdout', chunk);
  });
  program.stderr.on('data', (chunk: Buffer) => {
    stderr.push(chunk);
    request.onOutput?.('stderr', chunk);
  });
  const { ended, stop } = watchEnd(program, request, limits);
  const fed = feed(program.stdin, request.stdin, ended).then(
    () => undefined,
    (error: unknown) => {
      stop({ how: 'aborted' });
      return { error };
    },
  );

  const ending = await ended;
  const failure = await fed;
  if (failure !== undefined) throw failure.error;
  const out = stdout.result();
  const err = stderr.result();
  return {
    ending,
    stdout: out.text,
    stderr: err.text,
    stdoutBytes: out.bytes,
    truncated: out.truncated || err.truncated,
    ms: performance.now() - limits.startedAt,
  };
}

interface Watch {
  /** Resolves with how it ended; at the latest when the deadline and both graces have passed. */
  readonly ended: Promise<Ending>;
  /** Stops the program; this is then its ending, whatever it says itself. */
  readonly stop: (ending: Ending) => void;
}

function watchEnd(program: Program, request: ExecRequest, { startedAt, tuning }: Limits): Watch {
  let settle: (ending: Ending) => void = () => undefined;
  const ended = new Promise<Ending>((resolve) => {
    settle = resolve;
  });
  let stopped: Ending | undefined;
  let over = false;
  let forget = (): void => undefined;
  const timers = new Set<NodeJS.Timeout>();
  const after = (ms: number, act: () => void): void => {
    if (!over) timers.add(setTimeout(act, Math.min(Math.max(ms, 0), 2 ** 31 - 1)));
  };
  const finish = (ending: Ending): void => {
    over = true;
    for (const timer of timers) clearTimeout(timer);
    forget();
    settle(stopped ?? ending);
  };
  const dropWith = (ending: Ending): void => {
    if (over) return;
    program.drop();
    finish(ending);
  };
  const stop = (ending: Ending): void => {
    if (stopped !== undefined) return;
    stopped = ending;
    program.signal('TERM');
    after(tuning.stopGraceMs, () => program.signal('KILL'));
    after(tuning.stopGraceMs + tuning.killGraceMs, () => dropWith(ending));
  };

  void program.closed.then((exit) => finish(endingOf(exit, program)));
  void program.exited.then((exit) => {
    if (exit !== undefined) whenQuiet(program, tuning.heldOpenMs, after, () => dropWith(heldOpen(exit)));
  });
  if (Number.isFinite(request.deadlineMs)) {
    const left = startedAt + request.deadlineMs - performance.now();
    after(left, () => stop({ how: 'timeout', afterMs: request.deadlineMs }));
  }
  forget = onAbort(request.signal, () => stop({ how: 'aborted' }));
  return { ended, stop };
}

/** How many times as long output that goes on after the exit is taken: it may still be on its way, or come from a child without end. */
const MOST_WAITS = 20;

/** Acts when nothing came for a while; output that was written before the exit may still be on a slow way. */
function whenQuiet(
  program: Program,
  quietMs: number,
  after: (ms: number, act: () => void) => void,
  act: () => void,
): void {
  let came = false;
  for (const stream of [program.stdout, program.stderr]) stream.on('data', () => (came = true));
  // What waits in the socket of a busy process is read before it counts as quiet.
  const look = (left: number): void => {
    setImmediate(() => {
      if (!came || left === 0) return act();
      came = false;
      after(quietMs, () => look(left - 1));
    });
  };
  after(quietMs, () => look(MOST_WAITS));
}

function endingOf(exit: Exit, program: Program): Ending {
  if (exit === undefined) return { how: 'lost', reason: program.lostReason() };
  return 'code' in exit ? { how: 'exit', code: exit.code } : { how: 'signal', signal: exit.signal };
}

function heldOpen(exit: NonNullable<Exit>): Ending {
  return 'code' in exit ? { how: 'held-open', code: exit.code } : { how: 'signal', signal: exit.signal };
}
