import type { Place } from '../core/problem.ts';

const WINDOW = 160;

/** Turns offsets in a text into places; made once per file. */
export interface LinePlaces {
  /** The place of `length` characters from `offset` on; an underline never leaves its line. */
  at(offset: number, length?: number): Place;
}

/** Places in a text that the user wrote, under the name by which the user knows its file. */
export function linePlaces(file: string, text: string): LinePlaces {
  const starts = lineStarts(text);
  return {
    at(offset, length = 1) {
      const inside = Math.max(0, Math.min(offset, text.length));
      const line = lastAtMost(starts, inside);
      const start = starts[line] ?? 0;
      const end = lineEnd(text, start);
      const column = Math.min(inside, end) - start;
      return {
        file,
        line: line + 1,
        col: column + 1,
        ...underline(length, end - start - column),
        ...window(text.slice(start, end), column),
      };
    },
  };
}

function underline(length: number, room: number): { length?: number } {
  const fits = Math.min(length, room);
  return fits > 1 ? { length: fits } : {};
}

function window(line: string, column: number): { text: string; from?: number } {
  if (line.length <= WINDOW) return { text: line };
  const from = column < WINDOW - 40 ? 0 : Math.min(column - 40, line.length - WINDOW);
  return from === 0 ? { text: line.slice(0, WINDOW) } : { text: line.slice(from, from + WINDOW), from: from + 1 };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function lineEnd(text: string, start: number): number {
  const newline = text.indexOf('\n', start);
  const end = newline === -1 ? text.length : newline;
  return end > start && text[end - 1] === '\r' ? end - 1 : end;
}

function lastAtMost(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
