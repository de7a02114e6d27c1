import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { CelFunction, FunctionUse } from './cel-function.ts';
import { regexOf, type Regex } from './regex.ts';
import { BOOL, listOf, NUMBER, STRING, type Type } from './type.ts';
import type { Value } from '../core/value.ts';
import { plainText } from './values.ts';

const STRINGS = listOf(STRING);

/** Methods of text. */
export const TEXT_FUNCTIONS: readonly CelFunction[] = [
  text('lower', STRING, 'in lower case', ['"ABC".lower()', '"abc"'], (t) => t.toLowerCase()),
  text('upper', STRING, 'in upper case', ['"abc".upper()', '"ABC"'], (t) => t.toUpperCase()),
  text('lowerAscii', STRING, "in lower case (CEL's name)", ['"ABC".lowerAscii()', '"abc"'], (t) => t.toLowerCase()),
  text('upperAscii', STRING, "in upper case (CEL's name)", ['"abc".upperAscii()', '"ABC"'], (t) => t.toUpperCase()),
  text('trim', STRING, 'without white space at both ends', ['" a ".trim()', '"a"'], (t) => t.trim()),
  text('lines', STRINGS, 'its lines, without an empty last one', ['"a\\nb\\n".lines()', '["a","b"]'], (t) =>
    linesOf(t),
  ),
  text('basename', STRING, 'the last part of a path', ['"/etc/hosts".basename()', '"hosts"'], (t) => posix.basename(t)),
  text('dirname', STRING, 'the folder of a path', ['"/etc/hosts".dirname()', '"/etc"'], (t) => posix.dirname(t)),
  text('base64', STRING, 'encoded as base64', ['"hi".base64()', '"aGk="'], (t) => Buffer.from(t).toString('base64')),
  text(
    'sha256',
    STRING,
    'SHA-256 of its UTF-8 bytes, in hexadecimal',
    ['"".sha256().substring(0, 8)', '"e3b0c442"'],
    (t) => createHash('sha256').update(t).digest('hex'),
  ),
  {
    ...text('fromBase64', STRING, 'decoded from base64', ['"aGk=".fromBase64()', '"hi"'], (t) => t),
    run: ([value], use) => decodeBase64(plainText(value), use),
  },
  told('size', [], NUMBER, 'number of characters', ['"häh".size()', '3'], (t) => Array.from(t).length),
  told('contains', ['string'], BOOL, 'holds the other text', ['"abc".contains("b")', 'true'], (t, other) =>
    t.includes(other),
  ),
  told('startsWith', ['string'], BOOL, 'begins with the other text', ['"41.2".startsWith("41.")', 'true'], (t, other) =>
    t.startsWith(other),
  ),
  told('endsWith', ['string'], BOOL, 'ends with the other text', ['"a.conf".endsWith(".conf")', 'true'], (t, other) =>
    t.endsWith(other),
  ),
  told(
    'indexOf',
    ['string'],
    NUMBER,
    'where the other text begins, -1 when it does not occur',
    ['"abc".indexOf("c")', '2'],
    (t, other) => t.indexOf(other),
  ),
  told(
    'lastIndexOf',
    ['string'],
    NUMBER,
    'where the other text last begins, -1 when it does not occur',
    ['"a.b.c".lastIndexOf(".")', '3'],
    (t, other) => t.lastIndexOf(other),
  ),
  {
    name: 'substring',
    on: 'string',
    takes: ['number', 'number'],
    optional: 1,
    gives: STRING,
    says: 'from one position up to, not including, another',
    example: ['"abcd".substring(1, 3)', '"bc"'],
    run: ([value, from, to]) => plainText(value).slice(Number(from), to === undefined ? undefined : Number(to)),
  },
  {
    name: 'split',
    on: 'string',
    takes: ['string'],
    optional: 1,
    gives: STRINGS,
    says: 'its parts between a separator; at white space without one',
    example: ['"a,b".split(",")', '["a","b"]'],
    run: ([value, separator]) =>
      separator === undefined
        ? plainText(value)
            .split(/\s+/)
            .filter((part) => part !== '')
        : plainText(value).split(plainText(separator)),
  },
  {
    name: 'replace',
    on: 'string',
    takes: ['string', 'string'],
    gives: STRING,
    says: 'with every occurrence of one text replaced by another',
    example: ['"a-b-c".replace("-", "_")', '"a_b_c"'],
    run: ([value, from, to], use) => limited(plainText(value).split(plainText(from)).join(plainText(to)), use),
  },
  {
    name: 'matches',
    on: 'string',
    takes: ['string'],
    gives: BOOL,
    tellsNothing: true,
    says: 'a regular expression is found in it (write ^ and $ for the whole text)',
    example: ['"web01".matches("^web\\\\d+$")', 'true'],
    run: ([value, pattern], use) => regex(pattern, use).find(plainText(value), 0) !== undefined,
  },
  {
    name: 'find',
    on: 'string',
    takes: ['string'],
    gives: STRING,
    says: 'what a regular expression finds first: its first group where it has one; empty when nothing is found',
    example: ['"Version: 4.2".find("Version: (.*)")', '"4.2"'],
    run: ([value, pattern], use) => captured(plainText(value), regex(pattern, use).find(plainText(value), 0)),
  },
  {
    name: 'findAll',
    on: 'string',
    takes: ['string'],
    gives: STRINGS,
    says: 'everything a regular expression finds: its first group where it has one',
    example: ['"a1 b22".findAll("[0-9]+")', '["1","22"]'],
    run: ([value, pattern], use) =>
      everyMatch(plainText(value), regex(pattern, use), use).map((found) => captured(plainText(value), found)),
  },
  {
    name: 'replaceRegex',
    on: 'string',
    takes: ['string', 'string'],
    gives: STRING,
    says: 'with everything a regular expression finds replaced; \\\\1 to \\\\9 stand for its groups',
    example: ['"eth0 up".replaceRegex("^(\\\\w+) .*", "\\\\1")', '"eth0"'],
    run: ([value, pattern, to], use) => replaceRegex(plainText(value), regex(pattern, use), plainText(to), use),
  },
];

function text(
  name: string,
  gives: Type,
  says: string,
  example: CelFunction['example'],
  change: (text: string) => Value,
): CelFunction {
  return { name, on: 'string', takes: [], gives, says, example, run: ([value]) => change(plainText(value)) };
}

function told(
  name: string,
  takes: readonly 'string'[],
  gives: Type,
  says: string,
  example: CelFunction['example'],
  tell: (text: string, other: string) => Value,
): CelFunction {
  return {
    name,
    on: 'string',
    takes,
    gives,
    says,
    example,
    tellsNothing: true,
    run: ([value, other]) => tell(plainText(value), plainText(other)),
  };
}

function linesOf(value: string): string[] {
  const lines = value.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function decodeBase64(value: string, use: FunctionUse): string {
  const compact = value.replaceAll(/\s/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return use.fail('fromBase64: the text is not base64');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(compact, 'base64'));
  } catch {
    return use.fail('fromBase64: what was encoded is not UTF-8 text');
  }
}

function regex(pattern: Value | undefined, use: FunctionUse): Regex {
  const compiled = regexOf(plainText(pattern));
  return typeof compiled === 'string' ? use.fail(`the regular expression is wrong: ${compiled}`) : compiled;
}

function captured(value: string, found: readonly number[] | undefined): string {
  if (found === undefined) return '';
  const group = found.length > 2 ? 2 : 0;
  const from = found[group] ?? -1;
  return from === -1 ? '' : value.slice(from, found[group + 1]);
}

function everyMatch(value: string, pattern: Regex, use: FunctionUse): (readonly number[])[] {
  const all: (readonly number[])[] = [];
  for (let from = 0; from <= value.length;) {
    // Each search may look at the whole rest.
    use.spend(1 + (value.length - from) / 10);
    const found = pattern.find(value, from);
    if (found === undefined) break;
    all.push(found);
    const [start = 0, end = 0] = found;
    from = end === start ? end + 1 : end;
  }
  return all;
}

function replaceRegex(value: string, pattern: Regex, to: string, use: FunctionUse): string {
  let result = '';
  let last = 0;
  for (const found of everyMatch(value, pattern, use)) {
    const [start = 0, end = 0] = found;
    const put = to.replaceAll(/\\(\d)/g, (_all, digit: string) => {
      const from = found[2 * Number(digit)] ?? -1;
      return from === -1 ? '' : value.slice(from, found[2 * Number(digit) + 1]);
    });
    result += value.slice(last, start) + put;
    last = end;
    limited(result, use);
  }
  return result + value.slice(last);
}

function limited(value: string, use: FunctionUse): string {
  use.spend(value.length / 50);
  return value;
}
