import { didYouMean, nearest } from '../core/nearest.ts';
import type { Problem } from '../core/problem.ts';
import type { Playbook, Task, TaskNode } from './types.ts';

/** Which tags a run asks for. */
export interface TagWish {
  /** `--tags`; empty means all. */
  readonly tags: readonly string[];
  /** `--skip-tags`. */
  readonly skipTags: readonly string[];
}

/**
 * Whether a task with these tags takes part. `always` takes part unless it is skipped by name, `never` only when one of its tags is
 * asked for; `tagged`, `untagged` and `all` stand for sets of tasks.
 */
export function selectedByTags(own: readonly string[], { tags, skipTags }: TagWish): boolean {
  return wanted(own, tags) && !skipped(own, skipTags);
}

function wanted(own: readonly string[], tags: readonly string[]): boolean {
  const named = tags.some((tag) => own.includes(tag));
  if (named) return true;
  if (own.includes('always')) return true;
  if (own.includes('never')) return false;
  if (tags.length === 0 || tags.includes('all')) return true;
  return own.length > 0 ? tags.includes('tagged') : tags.includes('untagged');
}

function skipped(own: readonly string[], skipTags: readonly string[]): boolean {
  if (skipTags.some((tag) => own.includes(tag))) return true;
  if (own.includes('always')) return false;
  if (skipTags.includes('all')) return true;
  return own.length > 0 ? skipTags.includes('tagged') : skipTags.includes('untagged');
}

const SPECIAL: readonly string[] = ['all', 'tagged', 'untagged', 'always', 'never'];

/** Tags of the command line that no task has: a slip there would silently run nothing, or too much. */
export function unknownTags(playbook: Playbook, { tags, skipTags }: TagWish): readonly Problem[] {
  const known = new Set(playbook.plays.flatMap((play) => [...play.tasks, ...play.handlers].flatMap(tagsIn)));
  const asked = [
    ...tags.map((tag) => ['--tags', tag] as const),
    ...skipTags.map((tag) => ['--skip-tags', tag] as const),
  ];
  return asked
    .filter(([, tag]) => !known.has(tag) && !SPECIAL.includes(tag))
    .map(([option, tag]) => {
      const guess = nearest(tag, known);
      const hint =
        guess === undefined
          ? `there are: ${[...known].toSorted().join(', ') || 'no tags at all'}`
          : `did you mean "${guess}"?`;
      return { code: 'E_NAME', message: `${option}: no task has the tag "${tag}"`, hint };
    });
}

/** A name of `--start-at-task` that no task has: the run would pass over everything. */
export function unknownStart(playbook: Playbook, name: string | undefined): readonly Problem[] {
  const names = playbook.plays.flatMap((play) => play.tasks.flatMap(namesIn));
  if (name === undefined || names.includes(name)) return [];
  const hint = didYouMean(name, names) ?? '"copse check --list-tasks" lists the names';
  return [{ code: 'E_NAME', message: `--start-at-task: there is no task "${name}"`, hint }];
}

function namesIn(node: TaskNode): readonly string[] {
  if (node.kind === 'flush') return [];
  return node.kind === 'task' ? [node.name] : [...node.block, ...node.rescue, ...node.always].flatMap(namesIn);
}

function tagsIn(node: TaskNode | Task): readonly string[] {
  if (node.kind === 'flush') return [];
  return node.kind === 'task'
    ? node.tags
    : [...node.tags, ...[...node.block, ...node.rescue, ...node.always].flatMap(tagsIn)];
}
