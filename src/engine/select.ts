import type { Play, Task, TaskNode } from '../playbook/types.ts';
import { selectedByTags } from '../playbook/tags.ts';
import type { EngineDeps, RunOptions } from './types.ts';

/** Decides which tasks run at all: tags, `--start-at-task`, and what a person answers under `--step`. */
export type Selection = (play: Play) => (task: Task) => Promise<boolean>;

/** A selection for one run. `--start-at-task` and a `--step` answer of "all" hold over plays. */
export function createSelection(options: RunOptions, deps: Pick<EngineDeps, 'confirm'>): Selection {
  let started = options.startAtTask === undefined;
  let asking = deps.confirm !== undefined;
  return (play) => {
    const reached = new Set<Task>();
    for (const task of tasksOf(play.tasks)) {
      started ||= task.name === options.startAtTask;
      if (started) reached.add(task);
    }
    for (const handler of play.handlers) reached.add(handler);
    const answers = new Map<Task, Promise<boolean>>();
    const askPerson = async (task: Task): Promise<boolean> => {
      if (!asking || deps.confirm === undefined) return true;
      const answer = await deps.confirm(task.name);
      if (answer === 'all') asking = false;
      return answer !== 'no';
    };
    return (task) => {
      const isHandler = play.handlers.includes(task);
      if (!reached.has(task) || (!isHandler && !selectedByTags(task.tags, options))) return Promise.resolve(false);
      const answer = answers.get(task) ?? askPerson(task);
      answers.set(task, answer);
      return answer;
    };
  };
}

/** All plain tasks of a list, blocks entered, in document order. */
export function tasksOf(nodes: readonly TaskNode[]): readonly Task[] {
  return nodes.flatMap((node) => {
    if (node.kind === 'task') return [node];
    return node.kind === 'block' ? [...tasksOf(node.block), ...tasksOf(node.rescue), ...tasksOf(node.always)] : [];
  });
}
