import type { Origin } from '../config/template.ts';
import type { Path, Source } from '../config/source.ts';
import type { Place } from '../core/problem.ts';
import { isRecord } from '../config/plain.ts';

/** A value in a file, with the way to it. */
export interface Cursor {
  readonly source: Source;
  readonly path: Path;
  readonly value: unknown;
  /** Absolute folder of the file; other files are named relative to it. */
  readonly folder: string;
}

/** What lies under a key or index; undefined as value when nothing does. */
export function under(cursor: Cursor, key: string | number): Cursor {
  const { source, path, value, folder } = cursor;
  const inner: unknown = Array.isArray(value) ? value[Number(key)] : isRecord(value) ? value[key] : undefined;
  return { source, path: [...path, key], value: inner, folder };
}

/** The elements of a list. */
export function elements(cursor: Cursor): readonly Cursor[] {
  return Array.isArray(cursor.value) ? cursor.value.map((_item, i) => under(cursor, i)) : [];
}

/** Where a value, or its key, stands. */
export function placeOf(cursor: Cursor, what: 'key' | 'value' = 'value'): Place {
  return cursor.source.place(cursor.path, what);
}

/** Places of what lies under a cursor. */
export function originOf(cursor: Cursor): Origin {
  const { source, path } = cursor;
  return {
    place: (inner, what) => source.place([...path, ...inner], what),
    inside: (inner, offset, length) => source.inside([...path, ...inner], offset, length),
  };
}
