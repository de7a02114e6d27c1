import type { Ending } from '../core/answer.ts';
import { textOf, type Bytes } from '../core/bytes.ts';
import { script, type Command } from '../core/command.ts';
import { fault } from '../core/problem.ts';
import { showSize } from '../core/units.ts';
import { endingFault } from './faults.ts';
import type { Stream } from './greeting.ts';

/** Runs a command, its output raw. */
export type Start = (command: Command, onOutput: (stream: Stream, chunk: Bytes) => void) => Promise<Ending>;

const DIRECTORY = 72;

/** Reads a file whole. Rejects with E_FILE when it cannot be read, with E_LIMIT when it is larger than `maxBytes`. */
export async function fetchFile(path: string, maxBytes: number, start: Start): Promise<Bytes> {
  const chunks: Bytes[] = [];
  let size = 0;
  let said = '';
  const question = script(`[ ! -d "$1" ] || exit ${DIRECTORY}; head -c "$2" -- "$1"`, path, String(maxBytes + 1));
  const ending = await start(question, (stream, chunk) => {
    if (stream === 'stderr') said += textOf(chunk);
    else {
      size += chunk.length;
      chunks.push(Buffer.from(chunk));
    }
  });
  if (ending.how !== 'exit') throw endingFault(ending, `reading "${path}"`);
  if (ending.code === DIRECTORY) {
    throw fault({
      code: 'E_FILE',
      message: `cannot read "${path}" on the host: it is a folder`,
      hint: 'name a file in it',
    });
  }
  if (ending.code !== 0) {
    throw fault({
      code: 'E_FILE',
      message: `cannot read "${path}" on the host: ${said.trim().split('\n').at(-1) ?? ''}`,
    });
  }
  if (size > maxBytes) {
    throw fault({
      code: 'E_LIMIT',
      message: `"${path}" on the host is larger than ${showSize(maxBytes)}`,
      hint: 'copse keeps a fetched file in memory; copy this one with scp or rsync',
    });
  }
  return Buffer.concat(chunks, size);
}
