import { dirname, relative, resolve } from 'node:path';
import { isRecord } from '../config/plain.ts';
import { placeOf, under, type Cursor } from './cursor.ts';
import { frameOf } from './frames.ts';
import type { Level } from './level.ts';
import { complain, fileOnce, parseKeywords } from './reading.ts';
import { ImportKeywords } from './schema.ts';

const MAX_DEPTH = 20;

/** The list of tasks in another file, to be read as if it stood here; the import's keywords apply to each of them. */
export async function openImport(cursor: Cursor, level: Level): Promise<{ list: Cursor; level: Level } | undefined> {
  const { reading } = level;
  const keywords = parseKeywords(ImportKeywords, renamed(cursor.value), cursor, reading);
  if (keywords === undefined) return undefined;
  const { import_tasks: target } = keywords;
  const at = isRecord(under(cursor, importKey(cursor)).value)
    ? under(under(cursor, importKey(cursor)), 'file')
    : under(cursor, importKey(cursor));
  const name = typeof target === 'string' ? target : target.file;
  const path = importPath(name, at, level);
  if (path === undefined) return undefined;
  const shown = shownPath(path, cursor);
  const source = await fileOnce(reading, path, shown, placeOf(at));
  if (source.root === undefined) return undefined;
  const around = frameOf(cursor, keywords, level.around, reading.problems);
  const list: Cursor = { source, path: [], value: source.root, folder: dirname(path) };
  const folders = [dirname(path), ...level.folders.filter((folder) => folder !== dirname(path))];
  return { list, level: { ...level, around, folders, open: [...level.open, path] } };
}

/** The file an import names, or undefined with the problem added when it cannot be imported. */
export function importPath(name: string, at: Cursor, level: Pick<Level, 'reading' | 'open'>): string | undefined {
  if (name.includes('${{') || name.includes('{{')) {
    complain(level.reading, at, 'value', {
      code: 'E_VALUE',
      message: 'an import is read before any host is known, its path cannot hold ${{ }}',
      hint: 'import each file, with a "when"',
    });
    return undefined;
  }
  const path = resolve(at.folder, name);
  if (level.open.includes(path)) {
    complain(level.reading, at, 'value', {
      code: 'E_VALUE',
      message: `"${name}" imports itself`,
      hint: `it is being imported already: ${level.open.map((file) => relative(at.folder, file) || file).join(' -> ')}`,
    });
    return undefined;
  }
  if (level.open.length >= MAX_DEPTH) {
    complain(level.reading, at, 'value', { code: 'E_LIMIT', message: `imports go at most ${MAX_DEPTH} files deep` });
    return undefined;
  }
  return path;
}

/** A file's name as people know it: in the manner in which the file that names it is shown. */
export function shownPath(path: string, from: Cursor): string {
  const shown = from.source.file;
  const folder = shown.includes('/') ? shown.slice(0, shown.lastIndexOf('/')) : '';
  const way = relative(from.folder, path);
  if (folder === '') return way;
  return shown.startsWith('/')
    ? path
    : relative('/', resolve('/', folder, way)).startsWith('..')
      ? path
      : relativeTo(folder, way, path);
}

function relativeTo(folder: string, way: string, path: string): string {
  const joined = resolve('/r', folder, way);
  return joined.startsWith('/r/') ? joined.slice(3) : path;
}

function importKey(cursor: Cursor): string {
  return isRecord(cursor.value) && 'import_tasks' in cursor.value ? 'import_tasks' : 'ansible.builtin.import_tasks';
}

function renamed(value: unknown): unknown {
  if (!isRecord(value) || !('ansible.builtin.import_tasks' in value)) return value;
  const { 'ansible.builtin.import_tasks': target, ...rest } = value;
  return { ...rest, import_tasks: target };
}
