import type { Value } from '../core/value.ts';

/** True for text with a Jinja expression or statement; `${{ }}` is copse's own and is none. */
export function hasJinja(value: Value): boolean {
  return typeof value === 'string' && /(?<!\$)\{\{|\{%/.test(value);
}

/** True for text that stands for another value: Jinja, or `${{ }}`. */
export function isReference(value: Value): boolean {
  return hasJinja(value) || (typeof value === 'string' && value.includes('${{'));
}
