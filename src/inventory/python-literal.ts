import { emptyRecord, RESERVED_NAMES } from '../config/plain.ts';
import type { Value } from '../core/value.ts';
import { readNumber } from './python-number.ts';
import { readString } from './python-string.ts';

const MAX_DEPTH = 50;
const NOT_A_LITERAL = Symbol('not a literal');

interface Cursor {
  readonly text: string;
  at: number;
  depth: number;
}

/**
 * The value of a Python literal, as Ansible's INI inventories have them (`ast.literal_eval`): numbers, strings, lists,
 * tuples, sets, dicts, `True False None`. Undefined for everything else, which Ansible keeps as the text it is.
 */
export function pythonLiteral(text: string): Value | undefined {
  const cursor: Cursor = { text: text.replace(/^[ \t]+/, ''), at: 0, depth: 0 };
  try {
    const value = readTuple(cursor);
    skipSpace(cursor);
    return cursor.at === cursor.text.length ? value : undefined;
  } catch (error) {
    if (error === NOT_A_LITERAL) return undefined;
    throw error;
  }
}

/** At the top `1, 2` is a tuple without its parentheses. */
function readTuple(cursor: Cursor): Value {
  const first = readValue(cursor);
  if (!takes(cursor, ',')) return first;
  const items = [first];
  skipSpace(cursor);
  while (cursor.at < cursor.text.length) {
    items.push(readValue(cursor));
    if (!takes(cursor, ',')) break;
    skipSpace(cursor);
  }
  return items;
}

function readValue(cursor: Cursor): Value {
  skipSpace(cursor);
  cursor.depth += 1;
  if (cursor.depth > MAX_DEPTH) throw NOT_A_LITERAL;
  const value = readCore(cursor);
  cursor.depth -= 1;
  return value;
}

function readCore(cursor: Cursor): Value {
  const char = cursor.text.charAt(cursor.at);
  if (char === '[') return readItems(cursor, ']').items;
  if (char === '(') return readParentheses(cursor);
  if (char === '{') return readBraces(cursor);
  const rest = cursor.text.slice(cursor.at);
  const string = readString(rest);
  if (string !== undefined) return readStrings(cursor, string);
  const word = /^(?:True|False|None|set\(\s*\)|\.\.\.)(?![\w.])/.exec(rest)?.[0];
  if (word !== undefined) {
    cursor.at += word.length;
    return WORDS[word] ?? (word === 'None' ? null : []);
  }
  const number = readNumber(rest);
  if (number === undefined) throw NOT_A_LITERAL;
  cursor.at += number.length;
  return number.value;
}

const WORDS: Readonly<Record<string, Value>> = { True: true, False: false, '...': '...' };

/** Strings that follow each other are one string. */
function readStrings(cursor: Cursor, first: { value: string; length: number }): string {
  let value = '';
  for (let next: typeof first | undefined = first; next !== undefined;) {
    value += next.value;
    cursor.at += next.length;
    skipSpace(cursor);
    next = readString(cursor.text.slice(cursor.at));
  }
  return value;
}

function readParentheses(cursor: Cursor): Value {
  const { items, commas } = readItems(cursor, ')');
  const [only] = items;
  return items.length === 1 && commas === 0 && only !== undefined ? only : items;
}

function readItems(cursor: Cursor, close: string): { items: Value[]; commas: number } {
  cursor.at += 1;
  const items: Value[] = [];
  let commas = 0;
  skipSpace(cursor);
  while (!takes(cursor, close)) {
    items.push(readValue(cursor));
    if (takes(cursor, ',')) commas += 1;
    else if (cursor.text[cursor.at] !== close) throw NOT_A_LITERAL;
    skipSpace(cursor);
  }
  return { items, commas };
}

/** A dict, or a set that becomes a list. */
function readBraces(cursor: Cursor): Value {
  cursor.at += 1;
  const dict = emptyRecord<Value>();
  const set: Value[] = [];
  skipSpace(cursor);
  while (!takes(cursor, '}')) {
    const key = readValue(cursor);
    if (takes(cursor, ':')) dict[keyText(key)] = readValue(cursor);
    else if (!set.includes(key)) set.push(key);
    if (!takes(cursor, ',') && cursor.text[cursor.at] !== '}') throw NOT_A_LITERAL;
    skipSpace(cursor);
  }
  const isSet = set.length > 0;
  if (isSet && Object.keys(dict).length > 0) throw NOT_A_LITERAL;
  return isSet ? set : dict;
}

/** The text JSON gives a key that is no text; a list or dict cannot be a key, and no name may be special in JavaScript. */
function keyText(key: Value): string {
  if (typeof key === 'string' && !RESERVED_NAMES.has(key)) return key;
  if (typeof key === 'string') throw NOT_A_LITERAL;
  if (typeof key === 'object' && key !== null) throw NOT_A_LITERAL;
  return JSON.stringify(key);
}

function takes(cursor: Cursor, char: string): boolean {
  skipSpace(cursor);
  if (cursor.text[cursor.at] !== char) return false;
  cursor.at += 1;
  return true;
}

function skipSpace(cursor: Cursor): void {
  cursor.at += /^(?:\s|\\\n|#.*)*/.exec(cursor.text.slice(cursor.at))?.[0].length ?? 0;
}
