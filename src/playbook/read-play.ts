import { dirname, resolve } from 'node:path';
import { identityFile, isAgeFile, readAgeFile } from '../config/age-file.ts';
import { isRecord } from '../config/plain.ts';
import { mergedTemplate, templateOf, type Template } from '../config/template.ts';
import { didYouMean } from '../core/nearest.ts';
import { placeOf, elements, originOf, under, type Cursor } from './cursor.ts';
import { frameOf, namesOf, type Inherited } from './frames.ts';
import { HABITS } from './habits.ts';
import { shownPath } from './read-import.ts';
import type { Level } from './level.ts';
import { readTasks } from './read-tasks.ts';
import { complain, fileOnce, parseKeywords, type Reading } from './reading.ts';
import { PlayKeywords } from './schema.ts';
import type { Play, Task, TaskNode } from './types.ts';

interface PlayOptions {
  readonly reading: Reading;
  readonly index: number;
  readonly around: Inherited;
  readonly open: readonly string[];
}

const KEYWORDS = Object.keys(PlayKeywords.shape);

/** A play with all its sections; undefined with the problems added when its own keywords are wrong. */
export async function readPlay(cursor: Cursor, options: PlayOptions): Promise<Play | undefined> {
  const { reading, index, around } = options;
  const keys = knownKeys(cursor, reading);
  // Without hosts but with something else, it was meant to be something else, which is told already.
  if (keys.hasOthers && !('hosts' in keys.known)) return undefined;
  const parsed = parseKeywords(PlayKeywords, keys.known, cursor, reading);
  const frame = { ...frameOf(without(cursor, 'vars'), parsed ?? {}, around, reading.problems) };
  const level: Level = {
    reading,
    prefix: `${index}.`,
    counter: { next: 1 },
    around: { ...frame, vars: [] },
    folders: [cursor.folder],
    open: options.open,
    isHandlers: false,
  };
  complainOfHosts(under(cursor, 'hosts'), reading);
  const playVars = await playVariables(cursor, namesOf(parsed?.vars_files), around, reading);
  const tasks = await sections(cursor, level);
  const handlers = await readTasks(under(cursor, 'handlers'), {
    ...level,
    prefix: `${index}.h`,
    counter: { next: 1 },
    isHandlers: true,
  });
  if (parsed === undefined) return undefined;
  const { hosts, serial } = parsed;
  return {
    ...frame,
    name: parsed.name ?? '',
    vars: [],
    index,
    hosts: typeof hosts === 'string' ? hosts : hosts.join(','),
    hostsAt: placeOf(under(cursor, 'hosts')),
    gatherFacts: parsed.gather_facts ?? true,
    strategy: parsed.strategy ?? 'linear',
    serial: serial === undefined ? [] : Array.isArray(serial) ? serial : [serial],
    maxFailPercentage: parsed.max_fail_percentage,
    forks: parsed.forks,
    prompts: (parsed.vars_prompt ?? []).map((one) => ({
      name: one.name,
      prompt: one.prompt ?? one.name,
      secret: one.private,
      default: one.default,
    })),
    playVars,
    tasks,
    handlers: handlers.filter((node): node is Task => node.kind === 'task'),
  };
}

/** A pattern with braces would be taken for names with spaces. */
function complainOfHosts(hosts: Cursor, reading: Reading): void {
  if (typeof hosts.value !== 'string' || !hosts.value.includes('{{')) return;
  const hint = 'write the pattern itself, and choose among its hosts with --limit';
  complain(reading, hosts, 'value', { code: 'E_VALUE', message: 'hosts: a host pattern holds no expressions', hint });
}

/** Keys that are no keywords are answered here, in words of their own, and taken out before the schema sees them. */
function knownKeys(cursor: Cursor, reading: Reading): { known: Readonly<Record<string, unknown>>; hasOthers: boolean } {
  const known: Record<string, unknown> = {};
  if (!isRecord(cursor.value)) return { known, hasOthers: false };
  for (const [key, value] of Object.entries(cursor.value)) {
    const habit = key === 'include' ? HABITS.keywords.get('include_playbook') : HABITS.keywords.get(key);
    if (KEYWORDS.includes(key)) known[key] = value;
    else if (habit !== undefined)
      complain(reading, under(cursor, key), 'key', {
        code: 'E_ANSIBLE',
        message: `"${key}" is not a keyword here`,
        hint: habit,
      });
    else
      complain(reading, under(cursor, key), 'key', {
        code: 'E_KEY',
        message: `"${key}" is not a keyword of a play`,
        hint: playHint(key, cursor, reading),
      });
  }
  return { known, hasOthers: Object.keys(known).length < Object.keys(cursor.value).length };
}

function playHint(key: string, cursor: Cursor, reading: Reading): string {
  const isModule =
    reading.registry.findModule(key.slice(key.lastIndexOf('.') + 1)) !== undefined || HABITS.modules.has(key);
  const hasNoHosts = isRecord(cursor.value) && !('hosts' in cursor.value);
  if (isModule && hasNoHosts)
    return 'this looks like a task: a playbook is a list of plays, begin with "- hosts: …" and put it below "tasks:"';
  if (isModule) return 'a module belongs into a task, below "tasks:"';
  return didYouMean(key, KEYWORDS) ?? `it has: ${KEYWORDS.join(', ')}`;
}

/** The three sections, each followed by the handlers it notified. */
async function sections(play: Cursor, level: Level): Promise<readonly TaskNode[]> {
  const nodes: TaskNode[] = [];
  for (const section of ['pre_tasks', 'tasks', 'post_tasks']) {
    const read = await readTasks(under(play, section), level);
    if (read.length === 0) continue;
    nodes.push(...read, { kind: 'flush', id: `${level.prefix}${level.counter.next}` });
    level.counter.next += 1;
  }
  return nodes;
}

/** `vars`, then `vars_files` of which later ones win; an import's variables stand below them. */
async function playVariables(
  play: Cursor,
  files: readonly string[],
  around: Inherited,
  reading: Reading,
): Promise<Template> {
  const layers = [
    ...around.vars,
    templateOf(mappingOf(under(play, 'vars')), originOf(under(play, 'vars')), [], reading.problems),
  ];
  const at = under(play, 'vars_files');
  const names = Array.isArray(at.value) ? elements(at) : files.map(() => at);
  for (const [i, file] of files.entries()) layers.push(...(await variablesOf(file, names[i] ?? at, reading)));
  return mergedTemplate(layers);
}

async function variablesOf(file: string, at: Cursor, reading: Reading): Promise<readonly Template[]> {
  if (file.includes('{{')) {
    complain(reading, at, 'value', {
      code: 'E_VALUE',
      message: 'variable files are read before any host is known, their paths cannot hold ${{ }}',
      hint: 'use group_vars/ or host_vars/ for what differs between hosts',
    });
    return [];
  }
  const path = resolve(at.folder, file);
  if (isAgeFile(path)) return encryptedVariables(path, at, reading);
  const source = await fileOnce(reading, path, shownPath(path, at), placeOf(at));
  if (source.root === undefined || source.root === null) return [];
  const root: Cursor = { source, path: [], value: source.root, folder: dirname(path) };
  if (isRecord(source.root)) return [templateOf(source.root, originOf(root), [], reading.problems)];
  complain(reading, root, 'value', {
    code: 'E_VALUE',
    message: 'expected a mapping of variables',
    hint: 'write "name: value" lines',
  });
  return [];
}

/** Encrypted variables stand nowhere that could be shown: their place is where their file is named. */
async function encryptedVariables(path: string, at: Cursor, reading: Reading): Promise<readonly Template[]> {
  const read = await readAgeFile(path, shownPath(path, at), identityFile());
  if ('problem' in read) {
    complain(reading, at, 'value', read.problem);
    return [];
  }
  const place = placeOf(at);
  return [templateOf(read.vars, { place: () => place, inside: () => place }, [], [])];
}

function mappingOf(cursor: Cursor): unknown {
  return isRecord(cursor.value) ? cursor.value : {};
}

function without(cursor: Cursor, key: string): Cursor {
  if (!isRecord(cursor.value)) return cursor;
  const { [key]: _left, ...value } = cursor.value;
  return { ...cursor, value };
}
