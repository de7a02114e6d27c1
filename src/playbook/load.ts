import { dirname, relative, resolve } from 'node:path';
import { isRecord } from '../config/plain.ts';
import { shown } from '../config/zod-problems.ts';
import { parseSource } from '../config/source.ts';
import { inOrder } from '../config/frame.ts';
import { throwIfAny, type Problem } from '../core/problem.ts';
import type { Vars } from '../core/value.ts';
import { findModule, modules } from '../modules/index.ts';
import { elements, placeOf, under, type Cursor } from './cursor.ts';
import { frameOf, outermost, type Inherited } from './frames.ts';
import { importPath, shownPath } from './read-import.ts';
import { readPlay } from './read-play.ts';
import { complain, fileOnce, parseKeywords, type ModuleRegistry, type Reading } from './reading.ts';
import { ImportPlaybook } from './schema.ts';
import type { Play, Playbook } from './types.ts';

/** What loading needs from outside. */
export interface LoadOptions {
  /** Folder that the names of the files are relative to. */
  readonly cwd: string;
  /** Variables of `-e`. */
  readonly extraVars: Vars;
  /** Finds a module by name; among copse's own when absent. */
  readonly findModule?: ModuleRegistry['findModule'];
}

/** Playbooks as far as they could be read. Only one without problems may be run. */
export interface ReadPlaybook {
  readonly playbook: Playbook;
  readonly problems: readonly Problem[];
  /** Names that what was left out because of its problems would have given. */
  readonly lost: { readonly registers: ReadonlySet<string>; readonly handlers: ReadonlySet<string> };
}

/** Reads playbooks with everything they import. Throws one Fault with every problem of every file. */
export async function loadPlaybook(files: readonly string[], options: LoadOptions): Promise<Playbook> {
  const { playbook, problems } = await readPlaybooks(files, options);
  throwIfAny(problems);
  return playbook;
}

/** Reads playbooks and keeps what is right beside the problems, so that it can be checked together with them. */
export async function readPlaybooks(files: readonly string[], options: LoadOptions): Promise<ReadPlaybook> {
  const reading = newReading(options);
  const plays: Play[] = [];
  for (const file of files) await readPlaybook(resolve(options.cwd, file), file, { reading, plays, open: [] });
  return finished(plays, reading, options);
}

/** Reads a playbook from a text that stands in no file; `name` is what its problems call it. Throws as `loadPlaybook` does. */
export async function loadPlaybookText(text: string, name: string, options: LoadOptions): Promise<Playbook> {
  const reading = newReading(options);
  const plays: Play[] = [];
  const path = resolve(options.cwd, name);
  reading.sources.set(path, Promise.resolve(parseSource(path, text, { shown: name })));
  await readPlaybook(path, name, { reading, plays, open: [] });
  const { playbook, problems } = finished(plays, reading, options);
  throwIfAny(problems);
  return playbook;
}

function newReading({ findModule: find = findModule }: LoadOptions): Reading {
  const lost = { registers: new Set<string>(), handlers: new Set<string>() };
  return {
    registry: { modules, findModule: find },
    problems: [],
    sources: new Map(),
    complained: new Set(),
    lost,
    tasks: 0,
  };
}

function finished(plays: readonly Play[], reading: Reading, { cwd }: LoadOptions): ReadPlaybook {
  const files = [...reading.sources.keys()].map((path) => relative(cwd, path));
  return { playbook: { files, plays }, problems: inOrder(reading.problems), lost: reading.lost };
}

interface Loading {
  readonly reading: Reading;
  /** The plays so far; a play's index is its position in it, from 1. */
  readonly plays: Play[];
  readonly open: readonly string[];
  /** What an import puts around the plays it brings. */
  readonly around?: Inherited;
}

async function readPlaybook(path: string, name: string, loading: Loading, at?: Cursor): Promise<void> {
  const { reading } = loading;
  const source = await fileOnce(reading, path, name, at === undefined ? undefined : placeOf(at));
  const root: Cursor = { source, path: [], value: source.root, folder: dirname(path) };
  const inner = { ...loading, open: [...loading.open, path] };
  if (source.root === undefined) return;
  if (isRecord(source.root)) return readEntry(root, inner);
  if (!Array.isArray(source.root)) {
    complain(reading, root, 'value', {
      code: 'E_VALUE',
      message: `expected a list of plays, found ${shown(source.root)}`,
      hint: 'begin with "- hosts: …" and "tasks:"',
    });
    return;
  }
  for (const entry of elements(root)) await readEntry(entry, inner);
}

async function readEntry(cursor: Cursor, loading: Loading): Promise<void> {
  const { value } = cursor;
  const around = loading.around ?? outermost(cursor);
  if (!isRecord(value)) {
    complain(loading.reading, cursor, 'value', {
      code: 'E_VALUE',
      message: `expected a play, found ${shown(value)}`,
      hint: 'begin it with "- hosts: …"',
    });
  } else if ('import_playbook' in value || 'ansible.builtin.import_playbook' in value) {
    await importPlaybook(cursor, value, around, loading);
  } else {
    const play = await readPlay(cursor, {
      reading: loading.reading,
      index: loading.plays.length + 1,
      around,
      open: loading.open,
    });
    if (play !== undefined) loading.plays.push(play);
  }
}

async function importPlaybook(
  cursor: Cursor,
  value: Record<string, unknown>,
  around: Inherited,
  loading: Loading,
): Promise<void> {
  const { reading } = loading;
  const { 'ansible.builtin.import_playbook': long, ...rest } = value;
  const keywords = parseKeywords(
    ImportPlaybook,
    long === undefined ? value : { ...rest, import_playbook: long },
    cursor,
    reading,
  );
  if (keywords === undefined) return;
  const at = under(cursor, long === undefined ? 'import_playbook' : 'ansible.builtin.import_playbook');
  const path = importPath(keywords.import_playbook, at, loading);
  if (path === undefined) return;
  const frame = frameOf(cursor, keywords, around, reading.problems);
  await readPlaybook(path, shownPath(path, cursor), { ...loading, around: frame }, at);
}
