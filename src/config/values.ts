import { joinTexts, Secret } from '../core/secret.ts';
import type { Value } from '../core/value.ts';
import { emptyRecord, isRecord } from './plain.ts';

/** True where two values are the same, whatever they are made of; a secret equals the text it holds. */
export function equal(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a instanceof Secret || b instanceof Secret) return open(a) === open(b);
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => equal(item, b[i] ?? null));
  if (!isRecord(a) || !isRecord(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && equal(entry(a, key), entry(b, key)))
  );
}

/** A text that is the same for equal values, for use as a key; never shown. */
export function keyOf(value: Value): string {
  if (value instanceof Secret) return JSON.stringify(value.reveal());
  if (Array.isArray(value)) return `[${value.map((item: Value) => keyOf(item)).join(',')}]`;
  if (isRecord(value)) {
    const pairs = Object.keys(value).toSorted();
    return `{${pairs.map((key) => `${JSON.stringify(key)}:${keyOf(entry(value, key))}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/** The order of two values of one kind: numbers, texts, false before true; undefined where there is none. */
export function order(a: Value, b: Value): number | undefined {
  const left = open(a);
  const right = open(b);
  const comparable =
    (typeof left === 'number' && typeof right === 'number') ||
    (typeof left === 'string' && typeof right === 'string') ||
    (typeof left === 'boolean' && typeof right === 'boolean');
  if (!comparable) return undefined;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The text of a value inside other text; JSON for lists and mappings, nothing for null. */
export function textOfValue(value: Value): string | Secret {
  if (value === null) return '';
  if (typeof value !== 'object') return String(value);
  if (value instanceof Secret) return value;
  return holdsSecret(value) ? new Secret(JSON.stringify(opened(value))) : JSON.stringify(value);
}

/** A value that is known to be text or a number as plain text, for functions whose arguments were opened. */
export function plainText(value: Value | undefined): string {
  if (value instanceof Secret) return value.reveal();
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Pieces of a text as one text; secret as soon as one piece is or holds a secret. */
export function textOfPieces(pieces: readonly Value[]): string | Secret {
  return joinTexts(pieces.map((piece) => textOfValue(piece)));
}

/** True where a value is a secret or holds one. */
export function holdsSecret(value: Value): boolean {
  if (value instanceof Secret) return true;
  if (Array.isArray(value)) return value.some((item: Value) => holdsSecret(item));
  return isRecord(value) && Object.keys(value).some((key) => holdsSecret(entry(value, key)));
}

/** The same value with its secrets as plain text; only for building another secret. */
export function opened(value: Value): Value {
  if (value instanceof Secret) return value.reveal();
  if (Array.isArray(value)) return value.map((item: Value) => opened(item));
  return isRecord(value) ? mapRecord(value, opened) : value;
}

/** The same value with every text and number in it made secret. */
export function sealed(value: Value): Value {
  if (typeof value === 'string' || typeof value === 'number') return new Secret(String(value));
  if (Array.isArray(value)) return value.map((item: Value) => sealed(item));
  return isRecord(value) ? mapRecord(value, sealed) : value;
}

/** What a mapping holds under a key; null where it holds nothing. */
export function entry(record: object, key: string): Value {
  const found: Value | undefined = Object.hasOwn(record, key) ? Reflect.get(record, key) : undefined;
  return found ?? null;
}

function mapRecord(record: object, change: (value: Value) => Value): Value {
  const changed = emptyRecord<Value>();
  for (const key of Object.keys(record)) changed[key] = change(entry(record, key));
  return changed;
}

function open(value: Value): Value {
  return value instanceof Secret ? value.reveal() : value;
}
