import { evaluate, holds, type Expression } from '../config/expression.ts';
import { render, type Template } from '../config/template.ts';
import { Fault, fault } from '../core/problem.ts';
import type { Value, Vars } from '../core/value.ts';
import type { Block, Scope, Task } from '../playbook/types.ts';

/**
 * The items of a loop: a list as it is, a map as `{key, value}` pairs. None where the list cannot be had and a condition that
 * needs no item is false: `when: has(vars.disks)` guards `loop: ${{ vars.disks }}`.
 */
export function loopItems(node: Task | Block, scope: Scope): readonly Value[] {
  if (node.loop === undefined) return [null];
  try {
    return itemsOf(node.loop, scope);
  } catch (error) {
    if (error instanceof Fault && node.when.some((condition) => isFalse(condition, scope))) return [];
    throw error;
  }
}

function isFalse(condition: Expression, scope: Scope): boolean {
  try {
    return !holds(condition, scope);
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}

function itemsOf(loop: Template, scope: Scope): readonly Value[] {
  const list = render(loop, scope);
  if (Array.isArray(list)) return list as readonly Value[];
  if (list !== null && typeof list === 'object') {
    return Object.entries(list as Record<string, Value>).map(([key, value]) => ({ key, value }));
  }
  const found = list === null ? 'nothing' : typeof list;
  throw fault({ code: 'E_VALUE', message: `loop must be a list or a mapping, found ${found}`, at: loop.at });
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
