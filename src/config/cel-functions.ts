import type { CelFunction } from './cel-function.ts';
import { LIST_FUNCTIONS } from './functions-list.ts';
import { TEXT_FUNCTIONS } from './functions-text.ts';
import { VALUE_FUNCTIONS } from './functions-value.ts';
import type { Kind } from './type.ts';

/** All functions, methods first by what they are called on. */
export const FUNCTIONS: readonly CelFunction[] = [...TEXT_FUNCTIONS, ...LIST_FUNCTIONS, ...VALUE_FUNCTIONS];

const byName = new Map<string, readonly CelFunction[]>();
for (const one of FUNCTIONS)
  byName.set(keyFor(one.name, one.on !== undefined), [
    ...(byName.get(keyFor(one.name, one.on !== undefined)) ?? []),
    one,
  ]);

/** The functions of a name, as methods or not. */
export function functionsNamed(name: string, isMethod: boolean): readonly CelFunction[] {
  return byName.get(keyFor(name, isMethod)) ?? [];
}

/** True where a function can be called with that many arguments. */
export function acceptsCount(one: CelFunction, count: number): boolean {
  const least = one.takes.length - (one.optional ?? 0);
  return count >= least && (one.rest === true || count <= one.takes.length);
}

/** The kind of argument at a position. */
export function kindAt(one: CelFunction, index: number): Kind {
  return one.takes[Math.min(index, one.takes.length - 1)] ?? 'any';
}

/** How a function is called, for people: `list.join([string])`. */
export function signature(one: CelFunction): string {
  const required = one.takes.length - (one.optional ?? 0);
  const words = one.takes.map((kind, i) => (i < required ? kind : `[${kind}]`));
  return `${one.on === undefined ? '' : `${one.on}.`}${one.name}(${words.join(', ')}${one.rest === true ? ', …' : ''})`;
}

function keyFor(name: string, isMethod: boolean): string {
  return isMethod ? `.${name}` : name;
}
