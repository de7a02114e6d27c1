import type { Answer } from '../core/answer.ts';
import { cmd, script, type Command } from '../core/command.ts';
import type { Change, Diff } from '../core/module.ts';
import { fault } from '../core/problem.ts';
import type { Step } from '../core/step.ts';

/** A file that one task owns whole, such as a drop-in or a unit; its first line says who wrote it. */
export interface OwnedFile {
  readonly path: string;
  /** undefined where there is nothing. */
  readonly text: string | undefined;
  /** Something that is no file stands there, such as a link to /dev/null. */
  readonly isOther: boolean;
  readonly folder: 'open' | 'closed' | 'missing';
}

/** The steps and the diff of one owned file. */
export interface OwnedPlan {
  readonly steps: readonly Step[];
  readonly diff: readonly Diff[];
}

const ASK = `d=\${1%/*}
if ! [ -d "$d" ]; then f=missing; elif [ -w "$d" ]; then f=open; else f=closed; fi
if [ -f "$1" ]; then echo "file $f"; cat -- "$1"
elif [ -e "$1" ] || [ -L "$1" ]; then echo "other $f"
else echo "absent $f"; fi`;

/** Asks for the whole of a file of a few kilobytes. */
export function askOwned(path: string): Command {
  return script(ASK, path);
}

/** The answer of `askOwned`. */
export function readOwned(answer: Answer | undefined, path: string): OwnedFile {
  const [, what, folder, text] = /^(file|other|absent) (open|closed|missing)\n([^]*)$/.exec(answer?.stdout ?? '') ?? [];
  if (what === undefined || text === undefined || answer?.code !== 0) {
    const message = `expected the content of "${path}", found exit ${answer?.code ?? 'nothing'}`;
    throw fault({ code: 'E_ANSWER', message, hint: 'add "become: true" when only root may read it' });
  }
  const state = folder === 'open' || folder === 'closed' ? folder : 'missing';
  return { path, text: what === 'file' ? text : undefined, isOther: what === 'other', folder: state };
}

/** The first line of every file a module owns; a file without it belongs to somebody else. */
export function markOf(module: string): string {
  return `# Written by copse (${module}). Changes here are overwritten.`;
}

/** Why a file can be neither written nor removed; undefined when it can, or when it is right already. */
export function ownedRefusal(
  have: OwnedFile,
  text: string | undefined,
  module: string,
): Extract<Change, { readonly refuse: string }> | undefined {
  const { path } = have;
  if (have.text === text && !have.isOther) return undefined;
  if (have.isOther) return { refuse: `"${path}" is no file`, hint: 'remove it first, or choose another name' };
  if (have.text !== undefined && !have.text.startsWith(markOf(module))) {
    return {
      refuse: `"${path}" is there already and was not written by copse`,
      hint: 'choose another name, or remove it first with file',
    };
  }
  if (have.folder !== 'closed') return undefined;
  const folder = path.slice(0, path.lastIndexOf('/'));
  return { refuse: `"${path}" cannot be written: "${folder}" is not writable`, hint: 'add "become: true" to the task' };
}

/** Writes a file, or removes it where `text` is undefined. No steps when it is so already. */
export function planOwned(have: OwnedFile, text: string | undefined): OwnedPlan {
  const { path } = have;
  if (have.text === text) return { steps: [], diff: [] };
  const diff = [{ label: path, before: have.text ?? '', after: text ?? '' }];
  if (text === undefined) {
    return { steps: [{ do: 'run', say: `remove ${path}`, command: cmd('rm', '-f', '--', path) }], diff };
  }
  const folder = path.slice(0, path.lastIndexOf('/'));
  const make: Step = { do: 'run', say: `make the folder ${folder}`, command: cmd('mkdir', '-p', '--', folder) };
  const put: Step = { do: 'put', say: `write ${path}`, path, content: text, mode: '0644' };
  return { steps: [...(have.folder === 'missing' ? [make] : []), put], diff };
}
