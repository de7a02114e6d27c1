import { createHash } from 'node:crypto';
import type { Event } from '../core/events.ts';

/** One record of a journal: an event, its number, when, and a sum that chains it to the record before. */
export interface JournalRecord {
  readonly seq: number;
  /** ISO time of the controller's clock. */
  readonly at: string;
  /** Which opening of the journal wrote it: 1 for the run itself, one more for each resume. */
  readonly epoch: number;
  readonly event: Event;
}

/** The sum before the first record. */
export const GENESIS = '0000000000000000';

/** The text of a record, with its sum in front; one line. */
export function writeLine(record: JournalRecord, previous: string): { readonly text: string; readonly sum: string } {
  const body = JSON.stringify(record);
  const sum = sumOf(previous, body);
  return { text: `${sum} ${body}\n`, sum };
}

/** The record of a line (without its line end), or undefined where the sum does not fit: torn, damaged or out of order. */
export function readLine(
  line: string,
  previous: string,
): { readonly record: JournalRecord; readonly sum: string } | undefined {
  const sum = line.slice(0, GENESIS.length);
  const body = line.slice(GENESIS.length + 1);
  if (line[GENESIS.length] !== ' ' || sum !== sumOf(previous, body)) return undefined;
  // The sum vouches that this is what writeLine wrote.
  return { record: JSON.parse(body) as JournalRecord, sum };
}

function sumOf(previous: string, body: string): string {
  return createHash('sha256').update(previous).update(body).digest('hex').slice(0, GENESIS.length);
}
