import { zodProblems } from '../config/zod-problems.ts';
import { readSource, type Source } from '../config/source.ts';
import type { AnyModule } from '../core/module.ts';
import type { Place, Problem } from '../core/problem.ts';
import type { z } from 'zod';
import { placeOf, type Cursor } from './cursor.ts';

/** The modules a playbook may use. */
export interface ModuleRegistry {
  readonly modules: readonly AnyModule[];
  findModule(name: string): AnyModule | undefined;
}

/** One load of playbooks: what was found wrong so far, and every file read so far. */
export interface Reading {
  readonly registry: ModuleRegistry;
  readonly problems: Problem[];
  /** Files by absolute path, so that each is read and complained about once. */
  readonly sources: Map<string, Promise<Source>>;
  /** Files whose problems are among the problems already. */
  readonly complained: Set<string>;
  /** Names that tasks left out because of their problems would have given. */
  readonly lost: { readonly registers: Set<string>; readonly handlers: Set<string> };
  tasks: number;
}

/** More tasks than anybody writes: an import that runs wild is stopped here. */
const MAX_TASKS = 50_000;

/** Counts a task; false when there are too many. */
export function countTask(reading: Reading, at: Place): boolean {
  reading.tasks += 1;
  if (reading.tasks === MAX_TASKS)
    reading.problems.push({ code: 'E_LIMIT', message: `a playbook has at most ${MAX_TASKS} tasks`, at });
  return reading.tasks < MAX_TASKS;
}

/** A file, read once; its problems are added the first time. `at` is shown when it cannot be read. */
export async function fileOnce(reading: Reading, path: string, shown: string, at: Place | undefined): Promise<Source> {
  const read = reading.sources.get(path) ?? readSource(path, { shown });
  reading.sources.set(path, read);
  const source = await read;
  if (reading.complained.has(path)) return source;
  reading.complained.add(path);
  for (const problem of source.problems) {
    reading.problems.push(problem.at === undefined && at !== undefined ? { ...problem, at } : problem);
  }
  return source;
}

/** Parses keywords by their schema; undefined with the problems added when they are wrong. */
export function parseKeywords<Parsed>(
  schema: z.ZodType<Parsed>,
  value: unknown,
  cursor: Cursor,
  reading: Reading,
): Parsed | undefined {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const refused = {
    subject: '',
    noun: 'keyword',
    code: 'E_VALUE',
    keyCode: 'E_KEY',
    schema,
    place: (path: readonly (string | number)[], what?: 'key' | 'value') =>
      cursor.source.place([...cursor.path, ...path], what),
  } as const;
  reading.problems.push(...zodProblems(parsed.error.issues, refused));
  return undefined;
}

/** Adds a problem at a cursor. */
export function complain(reading: Reading, cursor: Cursor, what: 'key' | 'value', problem: Omit<Problem, 'at'>): void {
  reading.problems.push({ ...problem, at: placeOf(cursor, what) });
}
