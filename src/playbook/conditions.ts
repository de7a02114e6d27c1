import { isExpression, parseExpression, type Expression } from '../config/expression.ts';
import type { Problem } from '../core/problem.ts';
import { elements, originOf, placeOf, type Cursor } from './cursor.ts';

/** The expressions of a condition: one, or a list of which all must hold. */
export function conditionsOf(cursor: Cursor, problems: Problem[]): readonly Expression[] {
  if (cursor.value === undefined) return [];
  const parts = Array.isArray(cursor.value) ? elements(cursor) : [cursor];
  return parts.flatMap((part) => {
    const expression = expressionAt(part, problems);
    return expression === undefined ? [] : [expression];
  });
}

/** The expression that stands at a place; undefined when it is none, with the problem added. */
export function expressionAt(cursor: Cursor, problems: Problem[]): Expression | undefined {
  const { value } = cursor;
  if (typeof value !== 'string' && typeof value !== 'boolean') return undefined;
  const text = String(value);
  if (text.includes('${{')) {
    const bare = text.replace(/^\s*\$\{\{\s*(.*?)\s*\}\}\s*$/s, '$1');
    const hint = bare === text ? 'write the whole condition as one expression' : `write ${bare}`;
    problems.push({
      code: 'E_EXPR',
      message: 'a condition is an expression already, without ${{ }}',
      hint,
      at: placeOf(cursor),
    });
    return undefined;
  }
  const parsed = parseExpression(text, ({ from, to }) => originOf(cursor).inside([], from, Math.max(1, to - from)));
  if (isExpression(parsed)) return parsed;
  problems.push(parsed);
  return undefined;
}
