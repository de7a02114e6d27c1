import { readdir, readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fault } from '../core/problem.ts';
import { globOf } from './glob.ts';
import type { ConfigWords } from './ssh-config-words.ts';
import { configWords } from './ssh-config-words.ts';

/** A line of an ssh_config with its place; an `Include` holds the lines of the files it names. */
export interface ConfigLine extends ConfigWords {
  readonly file: string;
  readonly line: number;
  readonly included: readonly (readonly ConfigLine[])[];
}

/** Where ssh_config files and the things they name are. */
export interface ConfigHome {
  /** What `~` stands for. */
  readonly home: string;
  /** Folder against which relative `Include` paths are taken: `~/.ssh`, or `/etc/ssh` for the system's file. */
  readonly folder: string;
}

const DEEPEST = 16;

/** Reads an ssh_config with everything it includes; a file that is not there is empty. */
export async function readConfig(file: string, home: ConfigHome, depth = 0): Promise<readonly ConfigLine[]> {
  if (depth > DEEPEST) throw fault({ code: 'E_FILE', message: `${file} is included ${DEEPEST} levels deep` });
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return '';
    throw fault({ code: 'E_FILE', message: `${file} cannot be read: ${String(error)}` }, error);
  });
  const lines: ConfigLine[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const words = configWords(raw);
    if (words === undefined) continue;
    const patterns = words.keyword === 'include' ? words.words : [];
    const files = (await Promise.all(patterns.map((pattern) => filesOf(pattern, home)))).flat();
    const included = await Promise.all(files.map((path) => readConfig(path, home, depth + 1)));
    lines.push({ ...words, file, line: index + 1, included });
  }
  return lines;
}

/** Every line, included ones too. */
export function allLines(lines: readonly ConfigLine[]): readonly ConfigLine[] {
  return lines.flatMap((line) => [line, ...line.included.flatMap(allLines)]);
}

/** Files of an `Include` pattern in the order of their names. */
async function filesOf(pattern: string, { home, folder }: ConfigHome): Promise<string[]> {
  const path = pattern.startsWith('~/') ? join(home, pattern.slice(2)) : pattern;
  return glob(isAbsolute(path) ? path : resolve(folder, path));
}

async function glob(path: string): Promise<string[]> {
  if (!/[*?]/.test(path)) return [path];
  const folders = await glob(dirname(path));
  const name = globOf(path.slice(path.lastIndexOf('/') + 1));
  const found = await Promise.all(
    folders.map(async (folder) => {
      const names = await readdir(folder).catch(() => []);
      return names.filter((entry) => name.test(entry) && !entry.startsWith('.')).map((entry) => join(folder, entry));
    }),
  );
  return found.flat().sort();
}
