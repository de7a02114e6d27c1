import { renderProblem } from '../../src/config/frame.ts';
import { Fault } from '../../src/core/problem.ts';
import type { Value, Vars } from '../../src/core/value.ts';
import type { Host, Inventory } from '../../src/inventory/types.ts';
import { loadPlaybookText } from '../../src/playbook/load.ts';
import type { Play, Playbook, Task, TaskNode } from '../../src/playbook/types.ts';

/** A playbook from its text. */
export function load(text: string): Promise<Playbook> {
  return loadPlaybookText(text, 'site.yml', { cwd: '/work', extraVars: {} });
}

/** The first play of a text. */
export async function loadPlay(text: string): Promise<Play> {
  const [play] = (await load(text)).plays;
  if (play === undefined) throw new TypeError('the text has no play');
  return play;
}

/** All tasks of a list, blocks entered. */
export function tasksOf(nodes: readonly TaskNode[]): readonly Task[] {
  return nodes.flatMap((node) => {
    if (node.kind === 'task') return [node];
    return node.kind === 'block' ? tasksOf([...node.block, ...node.rescue, ...node.always]) : [];
  });
}

/** An inventory of hosts with their variables, all in the group `web`. */
export function inventoryOf(hosts: Readonly<Record<string, Vars>>): Inventory {
  const made = new Map<string, Host>(
    Object.entries(hosts).map(([name, vars]) => [name, { name, groups: ['web'], vars, at: undefined }]),
  );
  const names = [...made.keys()];
  const group = (name: string) => ({
    name,
    hosts: names,
    children: [],
    vars: {},
    direct: names,
    depth: 1,
    priority: 1,
  });
  return {
    hosts: made,
    groups: new Map(['all', 'web'].map((name) => [name, group(name)])),
    explain: () => new Map<string, readonly { source: string; value: Value }[]>(),
  };
}

/** What went wrong, as people read it, without the excerpts. */
export async function messagesOf(act: () => unknown): Promise<readonly string[]> {
  try {
    await act();
    return [];
  } catch (error) {
    if (error instanceof Fault) return error.problems.map((problem) => renderProblem(problem).split('\n', 1)[0] ?? '');
    throw error;
  }
}
