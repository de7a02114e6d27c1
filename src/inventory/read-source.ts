import { access, constants, open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { isRecord } from '../config/plain.ts';
import type { Source } from '../config/source.ts';
import { didYouMean } from '../core/nearest.ts';
import type { Place, Problem } from '../core/problem.ts';
import { parseData } from './data-file.ts';
import type { Draft } from './draft.ts';
import { readExecutable, type RunContext } from './dynamic.ts';
import { readIni } from './ini.ts';
import { readListing } from './listing-json.ts';
import { labelOf, readText, refuseVault } from './text-file.ts';
import { readYaml } from './yaml.ts';

const DATA_EXTENSIONS = ['.yml', '.yaml', '.json'];
/** How deeply folders of inventories may be nested. */
const MAX_DEPTH = 16;
/** What Ansible passes over in a folder of inventories. */
const IGNORED =
  /^\.|^(?:host_vars|group_vars|vars_plugins)$|(?:\.pyc|\.pyo|\.swp|\.bak|~|\.rpm|\.md|\.txt|\.rst|\.orig|\.cfg|\.retry)$/;

/** Reads one inventory, or every inventory of a folder in the order of their names. */
export async function readFileOrFolder(draft: Draft, path: string, context: RunContext, depth = 0): Promise<void> {
  context.signal.throwIfAborted();
  const kind = await kindOf(path);
  if (kind === 'file') await readOne(draft, path, context);
  else if (kind === 'missing') draft.problems.push(unreadable(path, 'leads nowhere', 'remove the link, or mend it'));
  else if (depth === MAX_DEPTH)
    draft.problems.push(unreadable(path, 'is nested too deeply', 'is a folder linked into itself?'));
  else {
    const names = (await readdir(path)).sort();
    for (const name of names)
      if (!IGNORED.test(name)) await readFileOrFolder(draft, join(path, name), context, depth + 1);
  }
}

/** What a path leads to. */
export async function kindOf(path: string): Promise<'folder' | 'file' | 'missing'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch {
    return 'missing';
  }
}

function unreadable(path: string, why: string, hint: string): Problem {
  return { code: 'E_FILE', message: `"${labelOf(path)}" ${why}`, hint };
}

/** A file beside a missing one with nearly its name, as a hint. */
export async function suggestFile(path: string): Promise<string | undefined> {
  try {
    return didYouMean(basename(path), await readdir(dirname(path)));
  } catch {
    return undefined;
  }
}

async function readOne(draft: Draft, path: string, context: RunContext): Promise<void> {
  if (await isProgram(path)) {
    await readExecutable(draft, path, context);
    return;
  }
  const label = labelOf(path);
  const text = await readText(path);
  const refused = typeof text === 'string' ? refuseVault(label, text) : text;
  if (refused !== undefined) draft.problems.push(refused);
  else if (typeof text === 'string') readStatic(draft, label, text);
}

/** An executable that the system can run. An inventory that merely has the x bit is none, as for Ansible. */
async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
  } catch {
    return false;
  }
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    const magic = buffer.subarray(0, bytesRead).toString('latin1');
    return magic.startsWith('#!') || magic === '\x7fELF' || /^(?:\xcf\xfa\xed\xfe|\xca\xfe\xba\xbe)$/.test(magic);
  } finally {
    await file.close();
  }
}

function readStatic(draft: Draft, label: string, text: string): void {
  const extension = extname(label);
  if (extension === '.toml') {
    draft.problems.push({
      code: 'E_INVENTORY',
      message: `"${label}" is TOML, which copse does not read`,
      hint: `convert it: ansible-inventory -i ${label} --list --export --yaml > hosts.yml`,
    });
  } else if (DATA_EXTENSIONS.includes(extension) || (extension === '' && looksLikeYaml(text))) {
    readData(draft, parseData(label, text));
  } else {
    readIni(draft, label, text);
  }
}

function looksLikeYaml(text: string): boolean {
  const first = text.split('\n').find((line) => line.trim() !== '' && !/^\s*[#;]/.test(line));
  return first !== undefined && /^---|^%YAML|^\{|^["'][^"']*["']:(?:\s|$)|^[^\s[=]+:(?:\s|$)/.test(first);
}

function readData(draft: Draft, source: Source): void {
  const { root, problems } = source;
  if (problems.length > 0) draft.problems.push(...problems);
  else if (isRecord(root) && typeof root['plugin'] === 'string') refusePlugin(draft, source, root['plugin']);
  else if (isRecord(root) && Object.hasOwn(root, '_meta')) readSavedListing(draft, source);
  else if (root !== null && root !== undefined) readYaml(draft, source);
}

/** What `ansible-inventory --list > file` saved. */
function readSavedListing(draft: Draft, source: Source): void {
  readListing(draft, source.root, { label: `"${source.file}"`, at: (path): Place => source.place(path) });
}

function refusePlugin(draft: Draft, source: Source, plugin: string): void {
  draft.problems.push({
    code: 'E_ANSIBLE',
    message: `"${source.file}" configures the inventory plugin "${plugin}", which copse does not run`,
    hint: `let Ansible run it: ansible-inventory -i ${source.file} --list > hosts.json, then: -i hosts.json`,
    at: source.place(['plugin']),
  });
}
