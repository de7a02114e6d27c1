import { fault, type Place, type Problem } from '../core/problem.ts';
import type { Value, Vars } from '../core/value.ts';
import { childrenOf, pathText, type Node, type Span } from './cel-ast.ts';
import { evaluateNode, truth } from './cel-evaluate.ts';
import { parseCel } from './cel-parse.ts';
import {
  certain,
  type Certainty,
  type Checking,
  type Evaluation,
  type Finding,
  type Known,
  type Scope,
} from './cel-run.ts';
import { celHint } from './jinja.ts';
import { BOOL, Unknown } from './type.ts';

const MAX_STEPS = 1_000_000;

/** A CEL expression, parsed, with its place. */
export interface Expression {
  readonly text: string;
  readonly at: Place;
  readonly node: Node;
  /** Where a piece of the text stands. */
  readonly place: (span: Span) => Place;
}

/** Parses an expression; the problem says what is wrong with its text, in copse's words also for Jinja. */
export function parseExpression(text: string, place: (span: Span) => Place): Expression | Problem {
  const parsed = parseCel(text);
  const whole = { from: 0, to: text.length };
  if ('node' in parsed) return { text, at: place(whole), node: parsed.node, place };
  const { trouble: found } = parsed;
  const jinja = celHint(text);
  if (jinja !== undefined)
    return { code: 'E_ANSIBLE', message: 'this is Jinja, copse reads CEL', hint: `write ${jinja}`, at: place(whole) };
  return {
    code: 'E_EXPR',
    message: found.message,
    at: place(found),
    ...(found.hint === undefined ? {} : { hint: found.hint }),
  };
}

/** True for the result of a parse that went well. */
export function isExpression(parsed: Expression | Problem): parsed is Expression {
  return 'node' in parsed;
}

/** The value of an expression. Throws a Fault with the place of the piece that failed; secrets stay secrets. */
export function evaluate(expression: Expression, scope: Vars): Value {
  return certain(evaluateNode(expression.node, running(expression, scope)));
}

/** Whether a condition holds; anything but true or false is a Fault. */
export function holds(expression: Expression, scope: Vars): boolean {
  return truth(expression.node, evaluate(expression, scope), running(expression, scope)) === true;
}

/** What a check of an expression found, and its value as far as it is known. */
export interface Checked {
  readonly value: Known;
  readonly findings: readonly Finding[];
}

/** How an expression is to be checked. */
export interface CheckOptions {
  /** Paths such as `vars.proxy` whose absence is provided for elsewhere, by `has` in a `when`. */
  readonly guarded?: ReadonlySet<string>;
  readonly certainty?: Certainty;
  /** The result must be true or false. */
  readonly isCondition?: boolean;
  readonly readers?: Checking['readers'];
}

const NO_READERS: Checking['readers'] = new Map();

/** Evaluates with unknown values in the scope and collects everything that is or could go wrong. */
export function checkExpression(expression: Expression, scope: Scope, options: CheckOptions = {}): Checked {
  const found: Finding[] = [];
  const guarded = union(options.guarded, guardedPaths(expression));
  const on: Evaluation = {
    ...running(expression, scope),
    certainty: options.certainty ?? 'sure',
    check: { found, guarded, readers: options.readers ?? NO_READERS },
  };
  try {
    const value = evaluateNode(expression.node, on);
    if (options.isCondition === true) truth(expression.node, value, on);
    return { value, findings: found };
  } catch (error) {
    if (found.length === 0) throw error;
    return { value: new Unknown(options.isCondition === true ? BOOL : { kind: 'any' }), findings: found };
  }
}

/** Paths that an expression itself asks for with `has`, `default` or `.?`: their absence is provided for. */
export function guardedPaths(expression: Expression): ReadonlySet<string> {
  const known = guardedKnown.get(expression);
  if (known !== undefined) return known;
  const paths = new Set<string>();
  const walk = (node: Node): void => {
    const path = node.op === 'has' || node.op === 'default' ? pathText(node.of) : undefined;
    if (path !== undefined) paths.add(path);
    for (const child of childrenOf(node)) walk(child);
  };
  walk(expression.node);
  guardedKnown.set(expression, paths);
  return paths;
}

const guardedKnown = new WeakMap<Expression, ReadonlySet<string>>();

function union(some: ReadonlySet<string> | undefined, own: ReadonlySet<string>): ReadonlySet<string> {
  if (some === undefined || some.size === 0) return own;
  return own.size === 0 ? some : new Set([...some, ...own]);
}

/** Every path an expression reads, as `vars.web`, `facts.os.id`, `item`; names bound by its own macros are left out. */
export function pathsRead(expression: Expression): readonly (readonly string[])[] {
  const paths: (readonly string[])[] = [];
  const walk = (node: Node, bound: ReadonlySet<string>): void => {
    const path = pathText(node)?.split('.');
    if (path !== undefined) {
      if (!bound.has(path[0] ?? '')) paths.push(path);
      return;
    }
    const inner = node.op === 'each' ? new Set([...bound, node.name]) : bound;
    for (const child of childrenOf(node)) walk(child, node.op === 'each' && child === node.over ? bound : inner);
  };
  walk(expression.node, new Set());
  return paths;
}

function running(expression: Expression, scope: Scope): Evaluation {
  return {
    scope,
    names: NO_NAMES,
    place: expression.place,
    budget: { left: MAX_STEPS },
    lenient: false,
    certainty: 'sure',
    check: undefined,
  };
}

const NO_NAMES: ReadonlyMap<string, Known> = new Map();

/** Makes an expression of a text that must be right, for code that has no file: the place is the text itself. */
export function expressionOf(text: string, file = '(expression)'): Expression {
  const place = (span: Span): Place => ({
    file,
    line: 1,
    col: span.from + 1,
    length: Math.max(1, span.to - span.from),
    text,
  });
  const parsed = parseExpression(text, place);
  if (isExpression(parsed)) return parsed;
  throw fault(parsed);
}
