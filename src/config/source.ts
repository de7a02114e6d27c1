import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Place, Problem } from '../core/problem.ts';
import { linePlaces } from './line-places.ts';
import { composeYaml } from './yaml-compose.ts';
import { locate, locateInside } from './yaml-locate.ts';
import { yamlValues, type ScalarDialect } from './yaml-values.ts';

const MAX_BYTES = 1024 * 1024;

/** A path of keys and indexes into a value. */
export type Path = readonly (string | number)[];

/** A YAML file as plain data that knows where each piece stands. */
export interface Source {
  readonly file: string;
  readonly text: string;
  /** Plain data with null-prototype objects and Secret leaves; undefined when the text could not be read as YAML. */
  readonly root: unknown;
  readonly problems: readonly Problem[];
  /** Where the key or the value under a path stands; the nearest enclosing thing for what is not there. */
  place(path: Path, what?: 'key' | 'value'): Place;
  /** Where a piece of the text under a path stands. */
  inside(path: Path, offset: number, length: number): Place;
}

/** How a text is to be read. */
export interface SourceOptions {
  /** `ansible` reads plain scalars as Ansible's inventory does (YAML 1.1: `yes`, `0644`, `1_000`); `core` is YAML 1.2. */
  readonly scalars?: ScalarDialect;
  /** The name of the file in problems, when it is not the path itself. */
  readonly shown?: string;
}

/** Reads a YAML file; what is wrong with it, a missing file included, is in `problems`. */
export async function readSource(path: string, options: SourceOptions = {}): Promise<Source> {
  const shown = options.shown ?? path;
  const read = await readText(path, shown);
  return typeof read === 'string' ? parseSource(path, read, options) : emptySource(shown, '', [read]);
}

/** Reads a YAML text; `!secret` files are looked for beside `path`. */
export function parseSource(path: string, text: string, options: SourceOptions = {}): Source {
  const file = options.shown ?? path;
  const refused = refuse(file, text);
  if (refused !== undefined) return emptySource(file, '', [refused]);
  const places = linePlaces(file, text);
  const composed = composeYaml(text, places);
  if (composed.problems.length > 0) return { ...emptySource(file, text, composed.problems), place: () => places.at(0) };
  const { value, problems } = yamlValues(composed.contents, { file: path, places, scalars: options.scalars ?? 'core' });
  return {
    file,
    text,
    root: value,
    problems,
    place: (path, what = 'value') => locate(composed.contents, path, what, places),
    inside: (path, offset, length) => locateInside(composed.contents, { path, offset, length }, text, places),
  };
}

function emptySource(file: string, text: string, problems: readonly Problem[]): Source {
  const start: Place = { file, line: 1, col: 1 };
  return { file, text, root: undefined, problems, place: () => start, inside: () => start };
}

async function readText(path: string, shown: string): Promise<string | Problem> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) return tooLarge(shown, size);
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (error) {
    if (error instanceof TypeError) return notText(shown);
    return {
      code: 'E_FILE',
      message: `"${shown}" cannot be read: ${reason(error)}`,
      hint: `looked for at ${resolve(path)}`,
    };
  }
}

/** What the operating system said, in words. */
function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'permission denied',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of its path is not a folder',
  };
  return words[code] ?? (error instanceof Error ? error.message : String(error));
}

function refuse(file: string, text: string): Problem | undefined {
  if (text.length > MAX_BYTES) return tooLarge(file, text.length);
  return text.includes('\0') ? notText(file) : undefined;
}

function tooLarge(file: string, size: number): Problem {
  return {
    code: 'E_LIMIT',
    message: `"${file}" has ${size} bytes, at most ${MAX_BYTES} are read`,
    hint: 'split it, or pass large data to the hosts with copy',
  };
}

function notText(file: string): Problem {
  return {
    code: 'E_YAML',
    message: `"${file}" is not UTF-8 text`,
    hint: 'a YAML text file is expected, this looks like binary data',
  };
}
