import { fault } from '../core/problem.ts';
import type { Bytes } from '../core/bytes.ts';
import { printable, textOf } from '../core/bytes.ts';
import { capture } from './capture.ts';
import { writer } from './feed.ts';
import type { Program } from './program.ts';
import type { Channel } from './transport.ts';

const STDERR_TAIL = 8 * 1024;

/** A program as the long-lived channel that the batched shell talks over. */
export function heldChannel(program: Program): Channel {
  const stderr = capture({ head: 0, tail: STDERR_TAIL });
  // Also keeps a program from stalling when nobody iterates over its standard error.
  program.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const { write } = writer(program.stdin, program.closed);

  return {
    async write(bytes) {
      if (await write(bytes)) return;
      throw fault({ code: 'E_LOST', message: `the channel is gone: ${program.lostReason()}` });
    },
    stdout: untilEnd(program.stdout),
    stderr: untilEnd(program.stderr),
    stderrTail: () => printable(textOf(stderr.result().bytes)),
    close() {
      program.drop();
    },
  };
}

/** A stream's bytes to its end, however it ends: a dropped channel is an end, not an error. */
async function* untilEnd(stream: AsyncIterable<Bytes>): AsyncIterable<Bytes> {
  try {
    yield* stream;
  } catch {
    // Dropped by us, or broken: whoever wrote to the channel hears of that.
  }
}
