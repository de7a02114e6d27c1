import { Secret } from '../core/secret.ts';

/** Names that no key may have, because JavaScript gives them a meaning. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** A mapping of the language: an object that is neither a list nor a secret. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret);
}

/** An empty mapping without a prototype, so that no name in it is special. */
export function emptyRecord<T = unknown>(): Record<string, T> {
  const record: Record<string, T> = Object.create(null);
  return record;
}
