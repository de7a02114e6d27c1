import type { Answer } from '../core/answer.ts';
import { textOf, type Bytes } from '../core/bytes.ts';
import { capture, type Capture } from '../transport/capture.ts';
import { after, deferred } from './deferred.ts';
import type { Stream } from './greeting.ts';
import type { Limits } from './limits.ts';

/** Why a batch is over. All but `done` end the shell, and something may still run in it. */
export type BatchEnd =
  | { readonly how: 'done' }
  | { readonly how: 'lost'; readonly reason: string }
  /** The question that was being answered took too long, or printed without end. */
  | { readonly how: 'deadline' | 'flood' }
  | { readonly how: 'aborted' };

/** The answers that came, in order; `partial` is what the question after them had printed until then. */
export interface Batch {
  readonly answers: readonly Answer[];
  readonly end: BatchEnd;
  readonly partial: Answer;
}

/** Collects the answers of one batch from the two framed outputs of a shell. */
export interface Reading {
  content(stream: Stream, chunk: Bytes): void;
  /** A question ended: its number and its exit status. */
  frame(stream: Stream, words: readonly string[]): void;
  stop(end: BatchEnd): void;
  /** Waits for the last answer, a deadline, or the signal. The time of the first question begins now. */
  done(signal: AbortSignal): Promise<Batch>;
}

/** A reading of questions numbered from `base`, each with its time in milliseconds. */
export function createReading(timeouts: readonly number[], base: number, limits: Limits): Reading {
  const outputs = timeouts.map(() => ({ stdout: newCapture(limits), stderr: newCapture(limits), printed: 0, code: 0 }));
  const at = { stdout: 0, stderr: 0 };
  const ended = deferred<BatchEnd>();
  let stopTimer = (): void => undefined;
  let timed = false;
  const current = (): number => Math.min(at.stdout, at.stderr);
  const stop = (end: BatchEnd): void => {
    stopTimer();
    timed = false;
    ended.resolve(end);
  };
  const startTimer = (): void => {
    stopTimer();
    if (timed) stopTimer = after(timeouts[current()] ?? 0, () => stop({ how: 'deadline' }));
  };
  const answer = (index: number): Answer => {
    const output = outputs[index];
    return output === undefined ? NOTHING : answerOf(output);
  };
  if (timeouts.length === 0) stop({ how: 'done' });

  return {
    stop,
    content(stream, chunk) {
      const output = outputs[at[stream]];
      if (output === undefined) return;
      output[stream].push(chunk);
      output.printed += chunk.length;
      if (output.printed > limits.floodBytes) stop({ how: 'flood' });
    },
    frame(stream, [number, code]) {
      const output = outputs[at[stream]];
      if (output === undefined || Number(number) !== base + at[stream] || !/^\d+$/.test(code ?? '')) {
        return stop({ how: 'lost', reason: 'the answer came broken' });
      }
      output.code = Number(code);
      const before = current();
      at[stream] += 1;
      if (current() === timeouts.length) stop({ how: 'done' });
      else if (current() > before) startTimer();
    },
    async done(signal) {
      timed = current() < timeouts.length;
      startTimer();
      const onAbort = (): void => stop({ how: 'aborted' });
      if (signal.aborted) onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      const end = await ended.promise;
      signal.removeEventListener('abort', onAbort);
      stopTimer();
      const answers = outputs.slice(0, current()).map((_, index) => answer(index));
      return { answers, end, partial: answer(current()) };
    },
  };
}

interface Output {
  readonly stdout: Capture;
  readonly stderr: Capture;
  readonly code: number;
}

const NOTHING: Answer = { code: 0, stdout: '', stderr: '', bytes: Buffer.alloc(0) };

function newCapture({ answerBytes }: Limits): Capture {
  return capture({ head: answerBytes, tail: 0 });
}

function answerOf({ stdout, stderr, code }: Output): Answer {
  const out = stdout.result();
  const err = stderr.result();
  const cut = out.truncated || err.truncated ? { truncated: true } : {};
  return { code, stdout: textOf(out.bytes), stderr: textOf(err.bytes), bytes: out.bytes, ...cut };
}
