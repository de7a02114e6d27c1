import type { Ending } from '../core/answer.ts';
import type { Bytes } from '../core/bytes.ts';
import { after, within } from './deferred.ts';
import { abortedFault } from './faults.ts';
import { createGreeting, type Hello, type Stream } from './greeting.ts';
import { checkNotRefused, withTerminalIfWanted } from './identity.ts';
import { createInput } from './input.ts';
import { launch, type Payload } from './launch.ts';
import type { Limits } from './limits.ts';
import type { Linked } from './link.ts';
import type { Identity } from './session.ts';

/** A script to run on a channel of its own. */
export interface Execution {
  readonly script: Payload;
  /** What the script may read after itself. */
  readonly stdin: Bytes | undefined;
  readonly as: Identity;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  /** The script's own output as it comes; noise of profiles and of sudo before it is cut off. */
  readonly onOutput: (stream: Stream, chunk: Bytes) => void;
  /** Ends the process group of the script on the host. */
  readonly endGroup: (pid: number) => Promise<void>;
  readonly limits: Limits;
}

/** How much of a stdin is handed to the channel at once. */
const CHUNK = 128 * 1024;

/**
 * Runs a script to its end. At the deadline, or when the signal comes, what it started is ended on the host.
 * Rejects when it could not be started; never sends it twice.
 */
export function execute(linked: Linked, execution: Execution): Promise<Ending> {
  return withTerminalIfWanted(linked, execution.as, (terminal) => executeOnce(linked, execution, terminal));
}

async function executeOnce(linked: Linked, execution: Execution, terminal: boolean): Promise<Ending> {
  const { script, stdin, as, signal, limits, onOutput, endGroup } = execution;
  if (signal.aborted) throw abortedFault('before the command was sent');
  checkNotRefused(linked, as);
  const start = launch('script', as, script, terminal);
  const input = createInput();
  const greeting = createGreeting(start, linked, limits.helloMs, {
    send: (bytes) => input.push(bytes),
    content: onOutput,
    frame: () => undefined,
  });
  const stopper = createStopper(greeting.hello, endGroup, limits.stopMs);
  const feedRest = (): void => {
    if (start.stdin !== undefined) input.push(start.stdin);
    if (stdin !== undefined)
      for (let at = 0; at < stdin.length; at += CHUNK) input.push(stdin.subarray(at, at + CHUNK));
    input.end();
  };
  if (as?.password === undefined) feedRest();
  const greeted = greeting.hello.then(() => {
    if (as?.password !== undefined) feedRest();
  });
  greeted.catch(() => {
    input.end();
    stopper.giveUp.abort();
  });

  const onAbort = (): void => stopper.stop({ how: 'aborted' });
  signal.addEventListener('abort', onAbort, { once: true });
  const cancel = after(execution.deadlineMs, () => stopper.stop({ how: 'timeout', afterMs: execution.deadlineMs }));
  try {
    const { ending: how } = await linked.connection.exec({
      text: start.text,
      stdin: input.chunks,
      deadlineMs: execution.deadlineMs + 6 * limits.stopMs,
      signal: stopper.giveUp.signal,
      cap: { head: 0, tail: 0 },
      onOutput: greeting.push,
    });
    greeting.ended(showEnding(how));
    // A link that was lost before the hello arrived does not tell whether the script ran.
    if (stopper.how() === undefined && how.how !== 'lost') await greeted;
    for (const stream of ['stdout', 'stderr'] as const) onOutput(stream, greeting.rest(stream));
    await stopper.done();
    return stopper.how() ?? how;
  } finally {
    greeting.ended('over');
    cancel();
    signal.removeEventListener('abort', onAbort);
  }
}

interface Stopper {
  /** Ends what runs on the host; the first reason counts. */
  stop(how: Ending): void;
  how(): Ending | undefined;
  /** Resolves when there is nothing more to end. */
  done(): Promise<void>;
  /** Aborts when the channel is of no use any more. */
  readonly giveUp: AbortController;
}

function createStopper(hello: Promise<Hello>, endGroup: Execution['endGroup'], stopMs: number): Stopper {
  const giveUp = new AbortController();
  let stopped: Ending | undefined;
  let ending: Promise<void> = Promise.resolve();

  /** A script that was sent may begin before we hear of it; one whose hello nobody hears any more does not run. */
  async function endWhatRuns(): Promise<void> {
    const heard = hello.catch(() => undefined);
    const begun = await within(heard, stopMs, () => undefined);
    if (begun !== undefined) await endGroup(begun.pid);
  }
  return {
    giveUp,
    stop(how) {
      if (stopped !== undefined) return;
      stopped = how;
      ending = endWhatRuns().finally(() => giveUp.abort());
    },
    how: () => stopped,
    done: () => ending,
  };
}

function showEnding(ending: Ending): string {
  if (ending.how === 'exit' || ending.how === 'held-open') return `exit ${ending.code}`;
  return ending.how === 'signal' ? `killed by ${ending.signal}` : ending.how;
}
