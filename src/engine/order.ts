import type { Task, TaskNode } from '../playbook/types.ts';

/** Where each node of a play stands in document order, and the plain tasks in that order. */
export interface Order {
  readonly position: ReadonlyMap<TaskNode, number>;
  /** Tasks that run when nothing fails: without `rescue`. */
  readonly path: readonly Task[];
  readonly pathIndex: ReadonlyMap<Task, number>;
  /** The task that stands right after a task in the same list. */
  readonly next: ReadonlyMap<Task, Task>;
}

/** Numbers the nodes of a play. */
export function orderOf(nodes: readonly TaskNode[]): Order {
  const position = new Map<TaskNode, number>();
  const path: Task[] = [];
  const next = new Map<Task, Task>();
  const visit = (list: readonly TaskNode[], expected: boolean): void => {
    for (const [at, node] of list.entries()) {
      const after = list[at + 1];
      if (node.kind === 'task' && after?.kind === 'task') next.set(node, after);
      position.set(node, position.size);
      if (node.kind === 'task' && expected) path.push(node);
      if (node.kind !== 'block') continue;
      visit(node.block, expected);
      visit(node.rescue, false);
      visit(node.always, expected);
    }
  };
  visit(nodes, true);
  return { position, path, pathIndex: new Map(path.map((task, index) => [task, index])), next };
}
