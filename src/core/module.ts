import type { z } from 'zod';
import type { Answers, Questions } from './answer.ts';
import type { Facts } from './facts.ts';
import type { Json } from './json.ts';
import type { ProblemCode } from './codes.ts';
import type { Step, StepResult } from './step.ts';

/** What a module may know beside its parameters. Everything here is a value; a module can do nothing but think. */
export interface ModuleContext {
  readonly facts: Facts;
  /** True under `--check` and `copse plan`: nothing will be applied. */
  readonly check: boolean;
  /** The run's identity, for names of things on the host. */
  readonly run: string;
  /** The task before left its reboot to this one: what is staged on the host is ours. */
  readonly owed?: true;
}

/** One piece of what will change, for `--diff`: text before and after, under a label such as a path. */
export interface Diff {
  readonly label: string;
  readonly before: string;
  readonly after: string;
}

/** The way from what is to what is wanted. No steps means: already right. */
export type Change =
  | {
      readonly steps: readonly Step[];
      readonly diff?: readonly Diff[];
      readonly notes?: readonly string[];
      /**
       * False where planning again cannot prove anything; the steps' own proof must do. True on an action whose outcome can be
       * read (`command` with `creates`): it is asked again like a state, and reported as `changed`.
       * On an inert module that waits: what it waited for is looked at again, and planning again may refuse it.
       */
      readonly verify?: boolean;
    }
  /** The wish cannot or must not be met; the task fails before anything is sent. */
  | { readonly refuse: string; readonly hint?: string; readonly code?: ProblemCode };

/** The type of one declared result, in CEL's words. */
export interface ReturnField {
  readonly type: 'string' | 'int' | 'double' | 'bool' | 'list' | 'map' | 'dyn';
  readonly description: string;
}

/**
 * What extends copse: a strict schema and three pure functions. The engine asks, plans, applies, and for a
 * `state` module asks again: only when planning again gives no steps is the task done.
 */
export interface Module<Want, Have> {
  readonly name: string;
  /** One line for lists. */
  readonly summary: string;
  /** Further paragraphs for `copse doc`. */
  readonly notes?: readonly string[];
  /** `state`: converges and is verified. `action`: happens each time, and is reported as `ran`, never as `ok`. */
  readonly kind: 'state' | 'action';
  /** Never changes a host (`assert`, `debug`, `wait_for`): reported as `ok`, and questions of later tasks may be asked ahead over it. */
  readonly inert?: true;
  /** A strict object; every field has a description. */
  readonly params: z.ZodType<Want>;
  /** Parameters that hold a CEL expression (or a list of them); the engine evaluates them and passes `Evaluated` values. */
  readonly expressions?: readonly string[];
  /** Parameters that name a file of the controller, or a list of them; the engine reads it and passes a `LocalFile`. */
  readonly localFiles?: readonly string[];
  /** The parameter that takes a bare string, as in `command: ls -l`. */
  readonly freeForm?: string;
  /** True for a wish whose task reboots by itself where that is needed: a reboot of the task before it may be left to it. */
  activates?(want: Want): boolean;
  /** What `register` holds beside `changed failed skipped`. */
  readonly returns: Readonly<Record<string, ReturnField>>;
  /** Whole tasks in YAML; the contract test parses them. */
  readonly examples: readonly string[];
  /** What to ask the host: read-only, and the same for the same wish. */
  probe(want: Want, context: ModuleContext): Questions;
  /** What the answers mean. Throws a Fault with E_ANSWER on an answer that cannot be understood. */
  read(answers: Answers, want: Want, context: ModuleContext): Have;
  /**
   * The steps that close the difference. `before` is there when the steps have run and planning again must give none: it is
   * what was read before them, so that a wish such as `restarted` can see that it came true.
   */
  plan(want: Want, have: Have, context: ModuleContext, before?: Have): Change;
  /** The registered result, from the state last read and from what was done. */
  result?(want: Want, have: Have, done: readonly StepResult[], context: ModuleContext): Readonly<Record<string, Json>>;
}

/** A parameter that was written as a CEL expression, after evaluation. */
export interface Evaluated {
  readonly text: string;
  readonly value: Json;
}

/** A controller's file a task names, read while binding. */
export interface LocalFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Permission bits as octal text, `0644`. */
  readonly mode: string;
}

/** A module with its own types hidden, as the engine holds it. */
export type AnyModule = Module<unknown, unknown>;

/** Makes a module; the only job of this function is to infer the types of `want` and `have`. */
export function defineModule<Want, Have>(module: Module<Want, Have>): AnyModule {
  // The engine always hands `want` from `params` and `have` from `read` back to the same module.
  return module as unknown as AnyModule;
}
