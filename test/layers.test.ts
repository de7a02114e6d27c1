import { readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Which folders of src each folder may import, beside itself. The one table of the project's structure. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  facts: ['core'],
  config: ['core'],
  inventory: ['config', 'core'],
  modules: ['facts', 'core'],
  playbook: ['modules', 'inventory', 'facts', 'config', 'core'],
  transport: ['core'],
  session: ['transport', 'core'],
  journal: ['core'],
  report: ['core'],
  engine: ['session', 'transport', 'playbook', 'inventory', 'facts', 'config', 'core'],
  sim: ['core'],
  cli: [
    'engine',
    'session',
    'transport',
    'playbook',
    'inventory',
    'modules',
    'facts',
    'config',
    'journal',
    'report',
    'sim',
    'core',
  ],
};

/** Libraries that stand in few folders, so that each can be replaced in a day. */
const LIBRARY_HOMES: Readonly<Record<string, readonly string[]>> = {
  ssh2: ['transport', 'sim'],
  yaml: ['config'],
  '@marcbachmann/cel-js': ['config'],
  'age-encryption': ['config'],
  commander: ['cli'],
  listr2: ['cli'],
  '@inquirer/password': ['cli'],
  '@inquirer/confirm': ['cli'],
  'cli-truncate': ['report'],
  diff: ['report'],
};

/** Folders that only think: nothing in them may reach files, processes, the network or the clock. */
const PURE = ['core', 'facts', 'modules'];

const src = resolve(import.meta.dirname, '../src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(src, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
}

/** The files of src that a file imports, types included. */
function reachedBy(file: string): readonly string[] {
  return importsOf(file)
    .filter((name) => name.startsWith('.'))
    .map((name) => relative(src, resolve(src, dirname(file), name)));
}

/** The files that stand in a circle, or between two: what is left when those that import none of the rest, or that none of it imports, go away. */
function circles(): readonly string[] {
  const imports = new Map(files.map((file) => [file, reachedBy(file)]));
  let left = new Set(files);
  for (;;) {
    const imported = new Set([...left].flatMap((file) => imports.get(file) ?? []));
    const kept = [...left].filter((file) => imported.has(file) && imports.get(file)?.some((name) => left.has(name)));
    if (kept.length === left.size) return kept;
    left = new Set(kept);
  }
}

function folderOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] ?? '') : '';
}

describe('the structure of src', () => {
  it.each(files.filter((file) => folderOf(file) !== ''))('%s imports downward only', (file) => {
    const folder = folderOf(file);
    const allowed = [folder, ...(MAY_IMPORT[folder] ?? [])];

    const reached = reachedBy(file).map(folderOf);

    expect(reached.filter((name) => !allowed.includes(name))).toEqual([]);
  });

  it('has no circle of files that import each other, not even for a type', () => {
    expect(circles()).toEqual([]);
  });

  it('has a row in the table for every folder', () => {
    const folders = [...new Set(files.map(folderOf))].filter((name) => name !== '');

    expect(folders.filter((name) => !(name in MAY_IMPORT))).toEqual([]);
  });

  it.each(Object.entries(LIBRARY_HOMES))('imports %s in its home only', (library, homes) => {
    const elsewhere = files.filter((file) => {
      const used = importsOf(file).some((name) => name === library || name.startsWith(`${library}/`));
      return used && !homes.includes(folderOf(file));
    });

    expect(elsewhere).toEqual([]);
  });

  it.each(files.filter((file) => PURE.includes(folderOf(file))))('%s does no input or output', (file) => {
    const effects = importsOf(file).filter((name) => /^node:(?!util$|path$|crypto$|buffer$)/.test(name));

    expect(effects).toEqual([]);
  });

  it('reveals secrets in the folders that must, and nowhere else', () => {
    const allowed = ['core', 'session', 'transport', 'config'];
    const elsewhere = files.filter(
      (file) => /\.reveal\(\)/.test(readFileSync(join(src, file), 'utf8')) && !allowed.includes(folderOf(file)),
    );

    expect(elsewhere).toEqual([]);
  });

  it('exits the process in two places only: main, and the second Ctrl-C', () => {
    const exits = files.filter((file) => readFileSync(join(src, file), 'utf8').includes('process.exit('));

    expect(exits.filter((file) => !['main.ts', 'cli/interrupt.ts'].includes(file))).toEqual([]);
  });

  it('keeps every file name in kebab-case and every file short', () => {
    const odd = files.filter((file) => !/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(basename(file)));
    const long = files.filter((file) => readFileSync(join(src, file), 'utf8').split('\n').length > 251);

    expect({ odd, long }).toEqual({ odd: [], long: [] });
  });
});
