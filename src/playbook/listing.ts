import { Fault } from '../core/problem.ts';
import { selectHosts } from '../inventory/pattern.ts';
import type { Inventory } from '../inventory/types.ts';
import { selectedByTags, type TagWish } from './tags.ts';
import type { Play, Playbook, Task, TaskNode } from './types.ts';

/** What a run of a play would go over. */
export interface PlayListing {
  readonly index: number;
  readonly name: string;
  readonly pattern: string;
  readonly tags: readonly string[];
  readonly hosts: readonly string[];
  readonly tasks: readonly TaskListing[];
}

/** A task as lists show it. */
export interface TaskListing {
  readonly id: string;
  readonly name: string;
  readonly module: string;
  readonly tags: readonly string[];
  /** How many blocks it stands in. */
  readonly depth: number;
}

/** Plays with their hosts and the tasks that tags select, in document order; handlers are left out. */
export function listPlays(
  playbook: Playbook,
  inventory: Inventory,
  options: TagWish & { readonly limit?: string | undefined },
): readonly PlayListing[] {
  return playbook.plays.map((play) => ({
    index: play.index,
    name: play.name,
    pattern: play.hosts,
    tags: play.tags,
    hosts: hostsOf(play, inventory, options.limit),
    tasks: tasksIn(play.tasks, 0)
      .filter(({ task }) => selectedByTags(task.tags, options))
      .map(listed),
  }));
}

function tasksIn(
  nodes: readonly TaskNode[],
  depth: number,
): readonly { readonly task: Task; readonly depth: number }[] {
  return nodes.flatMap((node) => {
    if (node.kind === 'task') return [{ task: node, depth }];
    return node.kind === 'block' ? tasksIn([...node.block, ...node.rescue, ...node.always], depth + 1) : [];
  });
}

function listed({ task, depth }: { readonly task: Task; readonly depth: number }): TaskListing {
  return { id: task.id, name: task.name, module: task.module.name, tags: task.tags, depth };
}

function hostsOf(play: Play, inventory: Inventory, limit: string | undefined): readonly string[] {
  try {
    return selectHosts(inventory, play.hosts, { limit, at: play.hostsAt });
  } catch (error) {
    if (error instanceof Fault) return [];
    throw error;
  }
}
