import { readFile } from 'node:fs/promises';
import { fault } from '../core/problem.ts';
import { GENESIS, readLine, type JournalRecord } from './line.ts';

/** A journal as it was found. */
export interface ReadJournal {
  readonly records: readonly JournalRecord[];
  /** Sum of the last good record, to chain the next one to. */
  readonly sum: string;
  /** Length in bytes of the good part. */
  readonly bytes: number;
  /** Bytes behind it that a crash left half written. */
  readonly torn: number;
}

/**
 * Reads a journal. A torn tail (the last line only) is what a crash leaves, and is told, not refused; damage before the end is
 * refused with E_JOURNAL, because what follows it cannot be trusted.
 */
export async function readJournal(path: string): Promise<ReadJournal> {
  const content = await readFile(path);
  const records: JournalRecord[] = [];
  let sum = GENESIS;
  let bytes = 0;
  while (bytes < content.length) {
    const end = content.indexOf(10, bytes);
    const line = content.toString('utf8', bytes, end === -1 ? content.length : end);
    const read = end === -1 ? undefined : readLine(line, sum);
    if (read === undefined) {
      const isLast = end === -1 || content.indexOf(10, end + 1) === -1;
      if (!isLast) throw damaged(path, records.length + 1);
      break;
    }
    records.push(read.record);
    sum = read.sum;
    bytes = end + 1;
  }
  return { records, sum, bytes, torn: content.length - bytes };
}

function damaged(path: string, line: number): Error {
  return fault({
    code: 'E_JOURNAL',
    message: `${path}:${line}: the journal is damaged here, and lines follow; it cannot be trusted`,
    hint: 'look at the hosts with "copse status", then start a new run: state is read afresh',
  });
}
