import type { Value } from '../core/value.ts';
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
