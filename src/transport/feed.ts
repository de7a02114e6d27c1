import type { Writable } from 'node:stream';
import type { Bytes } from '../core/bytes.ts';
import { Secret } from '../core/secret.ts';
import type { ExecRequest } from './transport.ts';

/** Writes to a program's stdin and notices when nobody is there to take it. */
export interface Writer {
  /** Resolves with true when the bytes are on their way, with false when the program is gone or closed its input. */
  readonly write: (chunk: Bytes) => Promise<boolean>;
}

/** A writer that gives up on pending writes when `gone` resolves: a stream may never call back once its channel closed. */
export function writer(stdin: Writable, gone: Promise<unknown>): Writer {
  const pending = new Set<(written: boolean) => void>();
  void gone.then(() => {
    for (const settle of pending) settle(false);
  });
  return {
    write: (chunk) =>
      new Promise((resolve) => {
        if (!stdin.writable) {
          resolve(false);
          return;
        }
        const settle = (written: boolean): void => {
          pending.delete(settle);
          resolve(written);
        };
        pending.add(settle);
        stdin.write(chunk, (error) => settle(error === null || error === undefined));
      }),
  };
}

/**
 * Writes all of `stdin` and closes it. Resolves early, without error, when the program is gone or does not want more:
 * a command may end without reading its input. Rejects only when the source itself fails.
 */
export async function feed(stdin: Writable, source: ExecRequest['stdin'], gone: Promise<unknown>): Promise<void> {
  if (source !== undefined) {
    const { write } = writer(stdin, gone);
    for await (const chunk of whileThere(chunksOf(source), gone)) if (!(await write(chunk))) return;
  }
  if (stdin.writable) stdin.end();
}

/** The chunks until `gone` resolves. A source that has none by then, as one that waits for a prompt, is not waited for. */
async function* whileThere(chunks: AsyncIterable<Bytes>, gone: Promise<unknown>): AsyncIterable<Bytes> {
  const iterator = chunks[Symbol.asyncIterator]();
  const end = { done: true, value: undefined } as const;
  let over = false;
  let wake = (): void => undefined;
  void gone.then(() => {
    over = true;
    wake();
  });
  const next = (): Promise<IteratorResult<Bytes>> =>
    new Promise((resolve, reject) => {
      wake = () => resolve(end);
      if (over) wake();
      else iterator.next().then(resolve, reject);
    });
  try {
    for (let step = await next(); step.done !== true; step = await next()) yield step.value;
  } finally {
    // Not awaited: a source that hangs in its own wait would hold us up.
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

async function* chunksOf(source: NonNullable<ExecRequest['stdin']>): AsyncIterable<Bytes> {
  if (source instanceof Secret) yield Buffer.from(source.reveal());
  else if (typeof source === 'string') yield Buffer.from(source);
  else if (source instanceof Uint8Array) yield source;
  else yield* source;
}
