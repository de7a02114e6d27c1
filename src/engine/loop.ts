import { evaluate } from '../config/expression.ts';
import { render } from '../config/template.ts';
import { fault } from '../core/problem.ts';
import type { Value, Vars } from '../core/value.ts';
import type { Block, Scope, Task } from '../playbook/types.ts';

/** The items of a loop: a list as it is, a map as `{key, value}` pairs. */
export function loopItems(node: Task | Block, scope: Scope): readonly Value[] {
  if (node.loop === undefined) return [null];
  const list = render(node.loop, scope);
  if (Array.isArray(list)) return list as readonly Value[];
  if (list !== null && typeof list === 'object') {
    return Object.entries(list as Record<string, Value>).map(([key, value]) => ({ key, value }));
  }
  const found = list === null ? 'nothing' : typeof list;
  throw fault({ code: 'E_VALUE', message: `loop must be a list or a mapping, found ${found}`, at: node.loop.at });
}

/** The variables one item of a loop brings: the item and its index under their names. */
export function loopLocals(node: Task | Block, item: Value, index: number): Vars {
  if (node.loop === undefined) return {};
  return { [node.loopControl.loopVar]: item, [node.loopControl.indexVar]: index };
}

/** The text of an item for people: its label, else the item itself, shortened. */
export function itemLabel(task: Task, item: Value, scope: Scope): string {
  const shown = task.loopControl.label === undefined ? item : render(task.loopControl.label, scope);
  const text = typeof shown === 'string' ? shown : JSON.stringify(shown);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** True where ignoring errors was asked for and holds. */
export function ignoresErrors(task: Task, scope: Scope): boolean {
  const { ignoreErrors } = task;
  return typeof ignoreErrors === 'boolean' ? ignoreErrors : evaluate(ignoreErrors, scope) === true;
}
