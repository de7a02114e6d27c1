import { Fault } from '../core/problem.ts';
import { Secret } from '../core/secret.ts';
import { access, element, nameIn } from './cel-access.ts';
import type { Node, NodeOf } from './cel-ast.ts';
import { callFunction } from './cel-call.ts';
import { each } from './cel-each.ts';
import { binary } from './cel-operators.ts';
import { ABSENT, aKind, spend, trouble, type Certainty, type Evaluation, type Got, type Known } from './cel-run.ts';
import { emptyRecord } from './plain.ts';
import { ANY, BOOL, NUMBER, typeOf, Unknown } from './type.ts';

/** Evaluates a node; what is left absent by `.?` and not given a value is trouble. */
export function evaluateNode(node: Node, on: Evaluation): Known {
  const got = run(node, on);
  if (got !== ABSENT) return got;
  return trouble(on, 'kind', node, 'what ".?" leaves out needs a value', 'end it with .orValue(…)');
}

function run(node: Node, on: Evaluation): Got {
  spend(on, node, 1);
  switch (node.op) {
    case 'value':
      return node.value;
    case 'name':
      return nameIn(node, on);
    case 'field':
      return access(node, run(node.of, on), on);
    case 'index':
      return element(node, run(node.of, on), evaluateNode(node.index, strict(on)), on);
    case 'has':
      return has(node, on);
    case 'default':
      return orElse(node, on);
    case 'each':
      return each(node, evaluateNode(node.over, strict(on)), strict(on), evaluateNode);
    default:
      return compute(node, on.lenient ? strict(on) : on);
  }
}

function compute(
  node: Exclude<Node, NodeOf<'value' | 'name' | 'field' | 'index' | 'has' | 'default' | 'each'>>,
  on: Evaluation,
): Known {
  switch (node.op) {
    case 'list':
      return node.items.map((item) => operand(item, on));
    case 'map':
      return mapping(node, on);
    case 'not':
      return negated(node, on);
    case 'minus':
      return minus(node, on);
    case 'and':
    case 'or':
      return logical(node, on);
    case 'if':
      return choice(node, on);
    case 'binary':
      return binary(node, operand(node.left, on), operand(node.right, on), on);
    case 'call': {
      const receiver = node.receiver === undefined ? undefined : operand(node.receiver, on);
      return callFunction(
        node,
        receiver,
        node.args.map((arg) => operand(arg, on)),
        on,
      );
    }
  }
}

/** A piece of an operation. While checking, one that failed is unknown, so that the others are looked at too. */
function operand(node: Node, on: Evaluation): Known {
  if (on.check === undefined) return evaluateNode(node, on);
  try {
    return evaluateNode(node, on);
  } catch (error) {
    if (error instanceof Fault) return new Unknown(ANY);
    throw error;
  }
}

function strict(on: Evaluation): Evaluation {
  return on.lenient ? { ...on, lenient: false } : on;
}

function mapping(node: NodeOf<'map'>, on: Evaluation): Known {
  const made = emptyRecord<Known>();
  for (const [keyNode, valueNode] of node.entries) {
    const key = evaluateNode(keyNode, on);
    const value = evaluateNode(valueNode, on);
    if (key instanceof Unknown) return new Unknown({ kind: 'map', of: ANY });
    if (typeof key !== 'string') trouble(on, 'kind', keyNode, `a key must be a string, found ${aKind(key)}`);
    if (key === '__proto__' || key === 'constructor' || key === 'prototype')
      trouble(on, 'value', keyNode, `"${key}" cannot be used as a name`);
    made[key] = value;
  }
  return made;
}

function has(node: NodeOf<'has'>, on: Evaluation): Known {
  const got = attempt(node.of, { ...on, lenient: true });
  if (got === ABSENT) return false;
  return got instanceof Unknown ? new Unknown(BOOL) : true;
}

function orElse(node: NodeOf<'default'>, on: Evaluation): Known {
  const got = attempt(node.of, { ...on, lenient: true });
  if (got === ABSENT || got === null) return evaluateNode(node.fallback, on);
  if (on.check === undefined) return got;
  const fallback = tried(node.fallback, { ...on, certainty: got instanceof Unknown ? least(on, 'possible') : 'dead' });
  if (!(got instanceof Unknown)) return got;
  return typeOf(got).kind === typeOf(fallback).kind ? got : new Unknown(ANY);
}

/** While checking, a piece that failed counts as unknown: its finding is kept already. */
function attempt(node: Node, on: Evaluation): Got {
  if (on.check === undefined) return run(node, on);
  try {
    return run(node, on);
  } catch (error) {
    if (error instanceof Fault) return new Unknown(ANY);
    throw error;
  }
}

function tried(node: Node, on: Evaluation): Known {
  const got = attempt(node, on);
  return got === ABSENT ? new Unknown(ANY) : got;
}

function least(on: Evaluation, certainty: Certainty): Certainty {
  return on.certainty === 'dead' ? 'dead' : certainty;
}

/** A value as a condition's answer; unknown while checking where it is not known. Anything else is trouble. */
export function truth(node: Node, value: Known, on: Evaluation): boolean | Unknown {
  if (typeof value === 'boolean') return value;
  if (value instanceof Unknown && (value.type.kind === 'any' || value.type.kind === 'bool')) return value;
  return trouble(on, 'kind', node, `true or false is expected, found ${aKind(value)}`, hintForTruth(value));
}

function hintForTruth(value: Known): string | undefined {
  if (value instanceof Unknown || value instanceof Secret) return undefined;
  if (typeof value === 'string') return 'compare it: x != "" or x == "yes"';
  if (typeof value === 'number') return 'compare it: x != 0';
  return Array.isArray(value) ? 'ask for its size: x.size() > 0' : undefined;
}

function logical(node: NodeOf<'and' | 'or'>, on: Evaluation): Known {
  const decides = node.op === 'or';
  if (on.check === undefined) {
    if (truth(node.left, evaluateNode(node.left, on), on) === decides) return decides;
    return truth(node.right, evaluateNode(node.right, on), on);
  }
  const left = condition(node.left, on);
  const certainty = left === decides ? 'dead' : left instanceof Unknown ? least(on, 'possible') : on.certainty;
  const right = condition(node.right, { ...on, certainty });
  if (left === decides || right === decides) return decides;
  return left instanceof Unknown ? left : right;
}

/** The truth of a condition while checking; unknown where it could not be found out. */
function condition(node: Node, on: Evaluation): boolean | Unknown {
  const value = tried(node, on);
  try {
    const holds = truth(node, value, on);
    return holds instanceof Unknown ? new Unknown(BOOL) : holds;
  } catch (error) {
    if (error instanceof Fault) return new Unknown(BOOL);
    throw error;
  }
}

function choice(node: NodeOf<'if'>, on: Evaluation): Known {
  if (on.check === undefined) {
    const holds = truth(node.test, evaluateNode(node.test, on), on);
    return evaluateNode(holds === true ? node.yes : node.no, on);
  }
  const test = condition(node.test, on);
  const certaintyWhen = (wanted: boolean): Certainty =>
    test === wanted ? on.certainty : test instanceof Unknown ? least(on, 'possible') : 'dead';
  const then = tried(node.yes, { ...on, certainty: certaintyWhen(true) });
  const otherwise = tried(node.no, { ...on, certainty: certaintyWhen(false) });
  if (typeof test === 'boolean') return test ? then : otherwise;
  const type = typeOf(then);
  return new Unknown(type.kind === typeOf(otherwise).kind ? type : ANY);
}

function negated(node: NodeOf<'not' | 'minus'>, on: Evaluation): Known {
  const holds = truth(node.of, evaluateNode(node.of, on), on);
  return holds instanceof Unknown ? new Unknown(BOOL) : !holds;
}

function minus(node: NodeOf<'not' | 'minus'>, on: Evaluation): Known {
  const value = evaluateNode(node.of, on);
  if (typeof value === 'number') return 0 - value;
  if (value instanceof Unknown && (value.type.kind === 'any' || value.type.kind === 'number'))
    return new Unknown(NUMBER);
  return trouble(on, 'kind', node, `a number is expected after "-", found ${aKind(value)}`);
}
