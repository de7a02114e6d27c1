import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { throwIfAny, type Problem } from '../core/problem.ts';
import type { Vars } from '../core/value.ts';
import { addGroup, newDraft, settle, type Draft } from './draft.ts';
import { hideSecrets } from './hide-secrets.ts';
import { addHosts } from './hosts.ts';
import { kindOf, readFileOrFolder, suggestFile } from './read-source.ts';
import { LOCAL_NAMES, resolveInventory } from './resolve.ts';
import { labelOf } from './text-file.ts';
import type { Inventory } from './types.ts';
import { uniqueProblems } from './unique-problems.ts';
import { readVarsFolder } from './vars-folder.ts';

/** How inventories are loaded. */
export interface LoadOptions {
  /** Folder from which relative paths count. */
  readonly cwd: string;
  /** Folder of the playbook; its `group_vars` and `host_vars` win over those beside the inventory. */
  readonly playbookDir?: string;
  /** Variables of the command line; they win over all others on every host, those of the connection included. */
  readonly extraVars?: Vars;
  /** Ends inventory executables. */
  readonly signal: AbortSignal;
}

/**
 * Loads inventories as Ansible does: files in YAML or INI, folders of them, executables, and lists such as `web01,web02,`.
 * Throws a Fault with every problem of every file. What is only odd is in `notes`.
 */
export async function loadInventory(sources: readonly string[], options: LoadOptions): Promise<Inventory> {
  const draft = newDraft();
  const folders: string[] = [];
  for (const source of sources) {
    const path = resolve(options.cwd, source.replace(/^~(?=\/|$)/, homedir()));
    const kind = await kindOf(path);
    if (kind === 'missing') {
      if (source.includes(',')) readHostList(draft, source);
      else draft.problems.push(await missing(source, path));
      continue;
    }
    folders.push(kind === 'folder' ? path : dirname(path));
    await readFileOrFolder(draft, path, options);
  }
  if (options.playbookDir !== undefined) folders.push(resolve(options.cwd, options.playbookDir));
  settle(draft);
  const vars = [];
  for (const folder of lastOfEach(folders)) vars.push(await readVarsFolder(folder, draft, LOCAL_NAMES));
  throwIfAny(uniqueProblems(draft.problems).map(hideSecrets));
  return resolveInventory(draft, vars, options.extraVars);
}

function readHostList(draft: Draft, source: string): void {
  const group = addGroup(draft, 'ungrouped');
  const at = { file: '-i', line: 1, col: 1, text: source };
  let col = 1;
  for (const part of source.split(',')) {
    const name = part.trim();
    const place = { ...at, col: col + part.indexOf(name), length: Math.max(1, name.length) };
    col += part.length + 1;
    if (name === '' || draft.hosts.has(name)) continue;
    addHosts(draft, name, { group, vars: undefined, at: place, place: () => place, form: 'yaml' });
  }
}

async function missing(source: string, path: string): Promise<Problem> {
  const hint = (await suggestFile(path)) ?? `for a host write a comma after it: -i ${source},`;
  return { code: 'E_FILE', message: `there is no inventory "${labelOf(path)}"`, hint };
}

/** A folder that stands several times counts where it stands last, because later ones win. */
function lastOfEach(folders: readonly string[]): readonly string[] {
  return folders.filter((folder, index) => folders.lastIndexOf(folder) === index);
}
