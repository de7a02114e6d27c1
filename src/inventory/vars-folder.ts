import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { isRecord } from '../config/plain.ts';
import type { Problem } from '../core/problem.ts';
import type { Vars } from '../core/value.ts';
import { parseData } from './data-file.ts';
import type { Draft } from './draft.ts';
import { layerOf, type Layer } from './layer.ts';
import { isSlip } from './slip.ts';
import { labelOf, readText, refuseVault } from './text-file.ts';

const EXTENSIONS = ['', '.yml', '.yaml', '.json'];
const AT_ONCE = 32;
/** Deeper than this only a link leads that points to a folder above it. */
const MAX_DEPTH = 16;

/** The variables that `group_vars` and `host_vars` beside an inventory or playbook give, by name. */
export interface VarsFolder {
  readonly groups: ReadonlyMap<string, readonly Layer[]>;
  readonly hosts: ReadonlyMap<string, readonly Layer[]>;
}

/** Reads what `group_vars` and `host_vars` in a folder say about known groups and hosts. */
export async function readVarsFolder(folder: string, draft: Draft, localNames: readonly string[]): Promise<VarsFolder> {
  const hostNames = new Set([...draft.hosts.keys(), ...localNames]);
  return {
    groups: await readNames(join(folder, 'group_vars'), new Set(draft.groups.keys()), 'group', draft),
    hosts: await readNames(join(folder, 'host_vars'), hostNames, 'host', draft),
  };
}

async function readNames(
  folder: string,
  names: ReadonlySet<string>,
  kind: 'group' | 'host',
  draft: Draft,
): Promise<ReadonlyMap<string, readonly Layer[]>> {
  const layers = new Map<string, readonly Layer[]>();
  const entries = await listFolder(folder);
  if (entries.size === 0) return layers;
  const found: [string, string][] = [];
  for (const name of names) {
    const entry = EXTENSIONS.map((extension) => `${name}${extension}`).find((file) => entries.has(file));
    if (entry !== undefined) found.push([name, entry]);
  }
  for (let at = 0; at < found.length; at += AT_ONCE) {
    const read = found.slice(at, at + AT_ONCE).map(async ([name, entry]) => {
      const isFolder = entries.get(entry) === true;
      const files = isFolder ? await listFiles(join(folder, entry)) : [join(folder, entry)];
      return [name, await Promise.all(files.map((file) => readLayer(file, `${kind} "${name}"`)))] as const;
    });
    for (const [name, files] of await Promise.all(read)) layers.set(name, collect(files, kind, draft));
  }
  if (kind === 'group') noteUnused(folder, entries, names, draft);
  return layers;
}

type Read = Layer | { readonly problems: readonly Problem[] } | undefined;

/** The layers of what was read; problems go to the draft in the order of the files, however long each took. */
function collect(files: readonly Read[], kind: 'group' | 'host', draft: Draft): readonly Layer[] {
  const layers: Layer[] = [];
  for (const file of files) {
    if (file === undefined) continue;
    if ('problems' in file) {
      draft.problems.push(...file.problems);
      continue;
    }
    layers.push(file);
    if (kind === 'group' && Object.hasOwn(file.vars, 'ansible_group_priority')) draft.notes.push(uselessPriority(file));
  }
  return layers;
}

async function readLayer(path: string, owner: string): Promise<Read> {
  const text = await readText(path);
  if (typeof text !== 'string') return { problems: [text] };
  const label = labelOf(path);
  const vault = refuseVault(label, text);
  if (vault !== undefined) return { problems: [vault] };
  const source = parseData(label, text);
  if (source.problems.length > 0) return { problems: source.problems };
  if (source.root === null || source.root === undefined) return undefined;
  if (isRecord(source.root))
    return layerOf(owner, source.root as Vars, (variable, what) => source.place([variable], what));
  const what = Array.isArray(source.root) ? 'a list' : 'a single value';
  return {
    problems: [
      {
        code: 'E_INVENTORY',
        message: `variables are a mapping of names to values, found ${what}`,
        hint: 'write: name: value',
        at: source.place([]),
      },
    ],
  };
}

function uselessPriority(layer: Layer): Problem {
  const at = layer.place('ansible_group_priority');
  return {
    code: 'E_INVENTORY',
    message: 'ansible_group_priority has no effect in group_vars, as in Ansible',
    hint: 'write it under the vars of the group in the inventory itself',
    ...(at && { at }),
  };
}

/** Names in a folder; true where the name is a folder itself. A folder that is not there is empty. */
async function listFolder(folder: string): Promise<ReadonlyMap<string, boolean>> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const named = entries.map(async (entry): Promise<[string, boolean]> => {
      const isFolder = entry.isSymbolicLink() ? await isFolderLink(join(folder, entry.name)) : entry.isDirectory();
      return [entry.name, isFolder];
    });
    return new Map(await Promise.all(named));
  } catch {
    return new Map();
  }
}

async function isFolderLink(path: string): Promise<boolean> {
  return readdir(path).then(
    () => true,
    () => false,
  );
}

/** Files of a folder in the order in which they are read; folders in it too, unless their name has an extension. */
async function listFiles(folder: string, depth = 0): Promise<readonly string[]> {
  if (depth > MAX_DEPTH) return [];
  const entries = await listFolder(folder);
  const files: string[] = [];
  for (const name of [...entries.keys()].sort()) {
    if (name.startsWith('.') || name.endsWith('~')) continue;
    const path = join(folder, name);
    const extension = extname(name);
    if (entries.get(name) === true) files.push(...(extension === '' ? await listFiles(path, depth + 1) : []));
    else if (EXTENSIONS.includes(extension)) files.push(path);
  }
  return files;
}

/** A file whose name is nearly that of a group; others may belong to another inventory. */
function noteUnused(
  folder: string,
  entries: ReadonlyMap<string, boolean>,
  groups: ReadonlySet<string>,
  draft: Draft,
): void {
  for (const entry of entries.keys()) {
    const name = entry.replace(/\.(?:yml|yaml|json)$/, '');
    if (groups.has(name) || entry.startsWith('.') || entry.endsWith('~')) continue;
    const meant = [...groups].find((group) => isSlip(name.replace(/\d+$/, ''), group.replace(/\d+$/, '')));
    if (meant === undefined) continue;
    const label = labelOf(join(folder, entry));
    draft.notes.push({
      code: 'E_INVENTORY',
      message: `"${label}" is not read, no group has the name "${name}"`,
      hint: `did you mean "${meant}"?`,
      at: { file: label, line: 1, col: 1 },
    });
  }
}
