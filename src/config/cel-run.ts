import { fault, type Place, type Problem } from '../core/problem.ts';
import type { Secret } from '../core/secret.ts';
import type { Value } from '../core/value.ts';
import type { Span } from './cel-ast.ts';
import { ANY, kindOf, Unknown } from './type.ts';

/** A value, or what stands for one that is only known later. */
export type Known =
  null | boolean | number | string | Secret | Unknown | readonly Known[] | { readonly [key: string]: Known };

/** Left where a key or element is not there, while `has`, `default` or `.?` allow that; never leaves an evaluation. */
export const ABSENT = Symbol('absent');

/** Names an expression sees. While it runs all of them are values; unknown ones occur only in a check. */
export type Scope = { readonly [name: string]: Known };

/** What a piece of an expression evaluates to. */
export type Got = Known | typeof ABSENT;

/** What kind of trouble an expression is in: whether other hosts could fare differently. */
export type TroubleKind =
  /** Wrong for every host: a name, key or function that nobody has. */
  | 'name'
  /** A variable or key that this host does not have. */
  | 'variable'
  /** Kinds that do not go together. */
  | 'kind'
  /** This very value does not do: out of range, not a number. */
  | 'value';

/** How sure it is that a piece is evaluated on this host: it is, it may be, it certainly is not. */
export type Certainty = 'sure' | 'possible' | 'dead';

/** One finding of a check. */
export interface Finding {
  readonly kind: TroubleKind;
  readonly certainty: Certainty;
  readonly problem: Problem;
}

/** What a check keeps beside an evaluation. */
export interface Checking {
  readonly found: Finding[];
  /** Paths such as `vars.proxy` whose absence is provided for. */
  readonly guarded: ReadonlySet<string>;
  /** Mappings whose values are evaluated when read: variables. They need to know how sure the reading is. */
  readonly readers: ReadonlyMap<object, Reader>;
}

/** Evaluates one key of a mapping. */
export type Reader = (key: string, on: Evaluation) => Known;

/** One evaluation under way. */
export interface Evaluation {
  readonly scope: Scope;
  /** Names bound by macros around. */
  readonly names: ReadonlyMap<string, Known>;
  readonly place: (span: Span) => Place;
  readonly budget: { left: number };
  /** Missing keys are no trouble here. */
  readonly lenient: boolean;
  readonly certainty: Certainty;
  /** Present while checking: findings are collected, and evaluation goes on where it can. */
  readonly check: Checking | undefined;
}

/** Ends the evaluation of a piece; while checking, the finding is kept and whoever catches goes on with an unknown value. */
export function trouble(on: Evaluation, kind: TroubleKind, span: Span, message: string, hint?: string): never {
  const problem: Problem = { code: codeOf(kind), message, at: on.place(span), ...(hint === undefined ? {} : { hint }) };
  on.check?.found.push({ kind, certainty: on.certainty, problem });
  throw fault(problem);
}

/** What is missing: absent where that is allowed, unknown while checking, else the end of the evaluation. */
export function missing(
  on: Evaluation,
  span: Span,
  what: { readonly message: string; readonly hint?: string | undefined; readonly path?: string | undefined },
): Got {
  if (on.lenient) return ABSENT;
  if (on.check === undefined) return trouble(on, 'variable', span, what.message, what.hint);
  if (what.path === undefined || !on.check.guarded.has(what.path)) {
    const problem: Problem = {
      code: 'E_NAME',
      message: what.message,
      at: on.place(span),
      ...(what.hint === undefined ? {} : { hint: what.hint }),
    };
    on.check.found.push({ kind: 'variable', certainty: on.certainty, problem });
  }
  return new Unknown(ANY);
}

/** Counts work; an expression that does too much is stopped. */
export function spend(on: Evaluation, span: Span, steps: number): void {
  on.budget.left -= steps;
  if (on.budget.left < 0) trouble(on, 'value', span, 'the expression takes too many steps', 'go over shorter lists');
}

/** A kind with its article, for problems. */
export function aKind(value: unknown): string {
  const kind = kindOf(value);
  if (kind === 'null') return 'nothing (null)';
  return kind === 'any'
    ? 'something unknown'
    : kind === 'bool'
      ? 'true or false'
      : kind === 'map'
        ? 'a mapping'
        : `a ${kind}`;
}

function codeOf(kind: TroubleKind): Problem['code'] {
  return kind === 'name' || kind === 'variable' ? 'E_NAME' : 'E_EXPR';
}

/** The value itself, where the caller has made sure that nothing in it is unknown. */
export function certain(value: Known): Value {
  if (isCertain(value)) return value;
  throw new TypeError('an unknown value left an evaluation that was no check');
}

function isCertain(value: Known): value is Value {
  return !(value instanceof Unknown);
}
