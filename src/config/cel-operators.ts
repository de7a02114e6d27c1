import { joinTexts, Secret } from '../core/secret.ts';
import type { Value } from '../core/value.ts';
import { pathText, type NodeOf } from './cel-ast.ts';
import { aKind, certain, spend, trouble, type Evaluation, type Known } from './cel-run.ts';
import { isRecord } from './plain.ts';
import { ANY, BOOL, hasUnknown, kindOf, NUMBER, STRING, typeOf, Unknown, type Kind, type Type } from './type.ts';
import { equal, keyOf, order, plainText } from './values.ts';

type Binary = NodeOf<'binary'>;

/** Applies an operator with two sides. Numbers are one kind: whole and fractional ones mix. */
export function binary(node: Binary, left: Known, right: Known, on: Evaluation): Known {
  switch (node.sign) {
    case '==':
    case '!=':
      return equality(node, left, right, on);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return comparison(node, left, right, on);
    case 'in':
      return membership(node, left, right, on);
    case '+':
      return sum(node, left, right, on);
    default:
      return arithmetic(node, left, right, on);
  }
}

function equality(node: Binary, left: Known, right: Known, on: Evaluation): Known {
  if (on.check !== undefined) neverEqual(node, left, right, on);
  if (isUnknown(on, left) || isUnknown(on, right)) return new Unknown(BOOL);
  return equal(certain(left), certain(right)) === (node.sign === '==');
}

/** A literal compared with a variable or fact of another kind is a slip, not a question. */
function neverEqual(node: Binary, left: Known, right: Known, on: Evaluation): void {
  const [literal, other, value] = node.left.op === 'value' ? [left, node.right, right] : [right, node.left, left];
  const isLiteral = node.left.op === 'value' || node.right.op === 'value';
  const path = pathText(other);
  if (!isLiteral || path === undefined || on.names.has(path.split('.', 1)[0] ?? '') || path.startsWith('item')) return;
  const kinds = [kindOf(literal), kindOf(value)];
  if (kinds.includes('any') || kinds.includes('null') || kinds[0] === kinds[1]) return;
  const hint =
    kinds.includes('number') && kinds.includes('string') ? 'write both as numbers, or both in quotes' : undefined;
  trouble(on, 'kind', node, `${path} is ${aKind(value)}, it never equals ${aKind(literal)}`, hint);
}

function comparison(node: Binary, left: Known, right: Known, on: Evaluation): Known {
  if (isUnknown(on, left) || isUnknown(on, right)) {
    const ordered: readonly Kind[] = ['any', 'number', 'string', 'bool'];
    const [a, b] = [kindOf(left), kindOf(right)];
    if (ordered.includes(a) && ordered.includes(b) && (a === b || a === 'any' || b === 'any')) return new Unknown(BOOL);
    return mismatch(node, left, right, on);
  }
  const compared = order(certain(left), certain(right));
  if (compared === undefined) return mismatch(node, left, right, on);
  if (node.sign === '<') return compared < 0;
  if (node.sign === '>') return compared > 0;
  return node.sign === '<=' ? compared <= 0 : compared >= 0;
}

function membership(node: Binary, left: Known, right: Known, on: Evaluation): Known {
  const kind = kindOf(right);
  if (
    kind !== 'any' &&
    kind !== 'list' &&
    kind !== 'map' &&
    !(kind === 'string' && (kindOf(left) === 'string' || kindOf(left) === 'any'))
  ) {
    return trouble(on, 'kind', node, `"in" needs a list or mapping on its right, found ${aKind(right)}`);
  }
  if (isUnknown(on, left) || isUnknown(on, right)) return new Unknown(BOOL);
  const [a, b] = [certain(left), certain(right)];
  if (typeof b === 'string' || b instanceof Secret) return plainText(b).includes(plainText(a));
  if (Array.isArray(b)) {
    spend(on, node, b.length);
    const key = keyOf(a);
    return b.some((item: Value) => keyOf(item) === key);
  }
  return isRecord(b) && Object.hasOwn(b, plainText(a));
}

function sum(node: Binary, left: Known, right: Known, on: Evaluation): Known {
  if (isUnknown(on, left) || isUnknown(on, right)) return unknownSum(node, left, right, on);
  const [a, b] = [certain(left), certain(right)];
  if (typeof a === 'number' && typeof b === 'number') return finite(node, a + b, on);
  if (isText(a) && isText(b)) {
    const joined = joinTexts([a, b]);
    spend(on, node, (joined instanceof Secret ? 100 : joined.length) / 50);
    return joined;
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    spend(on, node, a.length + b.length);
    return [...a, ...b];
  }
  return mismatch(node, left, right, on);
}

function unknownSum(node: Binary, left: Known, right: Known, on: Evaluation): Known {
  const [a, b] = [typeOf(left), typeOf(right)];
  const known = a.kind === 'any' ? b : a;
  const adds: readonly Type['kind'][] = ['any', 'number', 'string', 'list'];
  if (adds.includes(a.kind) && adds.includes(b.kind) && (a.kind === b.kind || a.kind === 'any' || b.kind === 'any')) {
    return new Unknown(known.kind === 'list' ? { kind: 'list', of: ANY } : known.kind === 'string' ? STRING : known);
  }
  return mismatch(node, left, right, on);
}

function arithmetic(node: Binary, left: Known, right: Known, on: Evaluation): Known {
  const isNumeric = (value: Known) =>
    kindOf(value) === 'number' || (value instanceof Unknown && value.type.kind === 'any');
  if (!isNumeric(left) || !isNumeric(right)) return mismatch(node, left, right, on);
  if (typeof left !== 'number' || typeof right !== 'number') return new Unknown(NUMBER);
  if (node.sign === '-') return finite(node, left - right, on);
  if (node.sign === '*') return finite(node, left * right, on);
  if (right === 0) return trouble(on, 'value', node, 'division by zero');
  return finite(node, node.sign === '/' ? left / right : left % right, on);
}

/** A result that is a number people know: neither infinite nor a negative zero. */
function finite(node: Binary, result: number, on: Evaluation): number {
  return Number.isFinite(result) ? result + 0 : trouble(on, 'value', node, 'the result is larger than any number');
}

function mismatch(node: Binary, left: Known, right: Known, on: Evaluation): never {
  const kinds = [kindOf(left), kindOf(right)];
  const mixes = node.sign === '+' && kinds.includes('string') && kinds.includes('number');
  const hint = mixes
    ? 'write string(x) to add a number to text'
    : kinds.includes('string') && kinds.includes('number')
      ? 'write int(x) to make a number of text'
      : undefined;
  return trouble(on, 'kind', node, `"${node.sign}" does not go between ${aKind(left)} and ${aKind(right)}`, hint);
}

function isUnknown(on: Evaluation, value: Known): boolean {
  return on.check !== undefined && hasUnknown(value);
}

function isText(value: Value): value is string | Secret {
  return typeof value === 'string' || value instanceof Secret;
}
