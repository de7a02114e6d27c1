import type { Value } from '../core/value.ts';
import { LIST_FUNCTIONS } from './functions-list.ts';
import { TEXT_FUNCTIONS } from './functions-text.ts';
import { VALUE_FUNCTIONS } from './functions-value.ts';
import type { Kind, Type } from './type.ts';

/** One function of the language. `copse doc`, the playbook guide and its test read this table. */
export interface CelFunction {
  readonly name: string;
  /** The kind it is called on (`list.join(…)`); absent for a function such as `int(…)`. */
  readonly on?: Kind;
  readonly takes: readonly Kind[];
  /** How many of the last arguments may be left out. */
  readonly optional?: number;
  /** More arguments of the last kind may follow. */
  readonly rest?: boolean;
  readonly gives: Type;
  readonly says: string;
  /** An expression and its result as JSON; a test evaluates it. */
  readonly example: readonly [string, string];
  /** Arguments are handed over with the secrets in them opened, and the result is sealed. Texts among `takes` always are. */
  readonly opensDeep?: boolean;
  /** The result tells nothing of a secret it was computed from. */
  readonly tellsNothing?: boolean;
  run(args: readonly Value[], use: FunctionUse): Value;
}

/** What a function may use beside its arguments. */
export interface FunctionUse {
  /** Ends the evaluation with a problem. The message must not hold the values. */
  fail(message: string, hint?: string): never;
  /** Counts work, so that no expression can run away. */
  spend(steps: number): void;
}

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
