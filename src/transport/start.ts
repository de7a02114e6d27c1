import type { Ending } from '../core/answer.ts';
import type { Fault } from '../core/problem.ts';
import { fault } from '../core/problem.ts';
import { onAbort } from './abort.ts';
import type { Program } from './program.ts';
import type { Slots } from './slots.ts';
import type { ExecRequest, ExecResult } from './transport.ts';
import type { Tuning } from './tuning.ts';

/** What became of one try to start a program; a Fault is thrown when another try cannot help. */
export type Started =
  | Program
  /** The host has no channel to spare; nothing was run. */
  | { readonly how: 'refused'; readonly reason: string }
  /** The connection broke on the way; whether the program ran is not known. */
  | { readonly how: 'lost'; readonly reason: string };

/** Whether the host had no channel to spare. */
export function isRefused(started: Started): started is Extract<Started, { how: 'refused' }> {
  return 'how' in started && started.how === 'refused';
}

/** The part of a connection that starts programs. */
export interface Starter {
  readonly places: Slots;
  readonly tuning: Tuning;
  /** `waitedMs`: how long channels have been refused for this program already. */
  readonly start: (text: string, pty: boolean, waitedMs: number) => Promise<Started>;
}

// Linux gives one argument 128 KiB; beyond about 300 KB sshd drops the whole connection.
const LONGEST_TEXT = 120_000;

/**
 * Starts a program when there is a channel for it. An Ending instead of a program: the request's time ran out, it was
 * aborted, or the connection broke. Throws a Fault when nothing was run: E_LOST when the connection was gone before,
 * E_BUSY when the host kept refusing channels, E_UNSUPPORTED when it refuses commands.
 */
export async function startWithin(starter: Starter, request: ExecRequest): Promise<Program | Ending> {
  const { signal, deadlineMs } = request;
  const giveUp = new AbortController();
  let ending: Ending = { how: 'aborted' };
  const onLate = (): void => {
    ending = { how: 'timeout', afterMs: deadlineMs };
    giveUp.abort();
  };
  const timer = Number.isFinite(deadlineMs) ? setTimeout(onLate, Math.min(deadlineMs, 2 ** 31 - 1)) : undefined;
  const forget = onAbort(signal, () => giveUp.abort());
  try {
    const stopped = new Promise<undefined>((resolve) => {
      onAbort(giveUp.signal, () => resolve(undefined));
    });
    const starting = begin(starter, request, giveUp.signal);
    const started = await Promise.race([starting, stopped]);
    if (started !== undefined) return started;
    void starting.then(discard, () => undefined);
    return ending;
  } finally {
    clearTimeout(timer);
    forget();
  }
}

/** Starts a program that stays; throws a Fault when it cannot be had. */
export async function openProgram(starter: Starter, text: string): Promise<Program> {
  const started = await begin(starter, { text, pty: false }, undefined);
  if (started !== undefined && 'stdin' in started) return started;
  throw fault({ code: 'E_LOST', message: `the connection was lost: ${started?.reason ?? 'it was given up'}` });
}

/** The fault of a command that was surely not run: the connection had ended before. */
export function goneBefore(reason: string): Fault {
  return fault({ code: 'E_LOST', message: `the connection was gone before the command started: ${reason}` });
}

/** The fault of a host that logs us in and then runs nothing. */
export function refusesCommands(why: string): Fault {
  return fault({
    code: 'E_UNSUPPORTED',
    message: `the host refuses to run a command: ${why}`,
    hint: 'see ForceCommand, the shell of the user and the options of the key in authorized_keys',
  });
}

/** The result of a command that gave no output because it did not get that far. */
export function nothingRan(ending: Ending, startedAt: number): ExecResult {
  const ms = performance.now() - startedAt;
  return { ending, stdout: '', stderr: '', stdoutBytes: new Uint8Array(), truncated: false, ms };
}

async function begin(
  { places, start, tuning }: Starter,
  { text, pty }: Pick<ExecRequest, 'text' | 'pty'>,
  signal: AbortSignal | undefined,
): Promise<Program | Extract<Ending, { how: 'lost' }> | undefined> {
  checkLength(text);
  const release = await places.take(signal).catch(() => undefined);
  if (release === undefined) return undefined;
  const since = performance.now();
  try {
    for (let pause = 20; ; pause = Math.min(pause * 2, 500)) {
      if (signal?.aborted === true) return settle(release, undefined);
      const started = await start(text, pty === true, performance.now() - since);
      if ('stdin' in started) return releasing(started, release);
      if (started.how === 'lost') return settle(release, started);
      if (performance.now() - since > tuning.channelPatienceMs) throw noChannel(started.reason, places.used());
      await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
    }
  } catch (error) {
    release();
    throw error;
  }
}

/** A dropped program gives its place back at once: sshd keeps the channel until the last process of it is gone. */
function releasing(program: Program, release: () => void): Program {
  void program.closed.then(release);
  return {
    ...program,
    drop() {
      program.drop();
      release();
    },
  };
}

function settle<T>(release: () => void, value: T): T {
  release();
  return value;
}

/** A program that came after its time. */
function discard(started: Program | Ending | undefined): void {
  if (started === undefined || !('stdin' in started)) return;
  started.stdout.resume();
  started.stderr.resume();
  started.signal('KILL');
  started.drop();
}

function noChannel(reason: string, used: number): Fault {
  return fault({
    code: 'E_BUSY',
    message: `the host refuses another channel (${reason}); ${used - 1} are in use`,
    hint: 'raise MaxSessions in its sshd_config (copse uses at most 4 at a time)',
  });
}

/** Throws a Fault (E_LIMIT) for a command that no host could take. */
export function checkLength(text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes <= LONGEST_TEXT) return;
  const message = `expected a command of at most ${LONGEST_TEXT} bytes, found ${bytes}`;
  throw fault({ code: 'E_LIMIT', message, hint: 'send it through stdin' });
}
