import { fault } from '../core/problem.ts';
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
    stdout: program.stdout,
    stderr: program.stderr,
    stderrTail: () => printable(textOf(stderr.result().bytes)),
    close() {
      program.drop();
    },
  };
}
