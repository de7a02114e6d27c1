import { Secret } from '../core/secret.ts';

/** What is known of a value before it is there: its kind, and where it is a mapping with fixed keys, these. */
export type Type =
  | { readonly kind: 'any' | 'string' | 'number' | 'bool' | 'null' }
  | { readonly kind: 'list'; readonly of: Type }
  | { readonly kind: 'map'; readonly of: Type }
  /** Fixed keys; `says` is what the keys are called in a problem: `facts.os has no "famly"`. */
  | { readonly kind: 'record'; readonly fields: ReadonlyMap<string, Type>; readonly says: string };

/** The kinds an expression distinguishes, in the words of its problems. */
export type Kind = 'any' | 'string' | 'number' | 'bool' | 'null' | 'list' | 'map';

export const ANY: Type = { kind: 'any' };
export const STRING: Type = { kind: 'string' };
export const NUMBER: Type = { kind: 'number' };
export const BOOL: Type = { kind: 'bool' };

/** A list of one type. */
export function listOf(of: Type): Type {
  return { kind: 'list', of };
}

/** A mapping with fixed keys. */
export function recordOf(says: string, fields: Readonly<Record<string, Type>>): Type {
  return { kind: 'record', says, fields: new Map(Object.entries(fields)) };
}

/** Stands for a value that is only known later; only ever seen while checking, never while running. */
export class Unknown {
  readonly type: Type;

  constructor(type: Type) {
    this.type = type;
  }
}

/** The kind of a value or of what stands for one. */
export function kindOf(value: unknown): Kind {
  if (value instanceof Unknown) return value.type.kind === 'record' ? 'map' : value.type.kind;
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string' || value instanceof Secret) return 'string';
  if (typeof value === 'number') return 'number';
  if (typeof value === 'boolean') return 'bool';
  return Array.isArray(value) ? 'list' : 'map';
}

/** The type of a value that may be unknown in parts. */
export function typeOf(value: unknown): Type {
  if (value instanceof Unknown) return value.type;
  const kind = kindOf(value);
  return kind === 'list' || kind === 'map' ? { kind, of: ANY } : { kind };
}

/** True where a value is unknown, or holds something unknown. */
export function hasUnknown(value: unknown): boolean {
  if (value instanceof Unknown) return true;
  if (typeof value !== 'object' || value === null || value instanceof Secret) return false;
  return Array.isArray(value) ? value.some(hasUnknown) : Object.values(value).some(hasUnknown);
}
