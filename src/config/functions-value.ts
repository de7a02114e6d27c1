import { posix } from 'node:path';
import { parseDuration, parseSize, showDuration, showSize } from '../core/units.ts';
import type { Value } from '../core/value.ts';
import type { CelFunction, FunctionUse } from './cel-function.ts';
import { compareVersions } from './compare-versions.ts';
import { RESERVED_NAMES, isRecord } from './plain.ts';
import { ANY, BOOL, kindOf, listOf, NUMBER, STRING } from './type.ts';
import { plainText, textOfValue } from './values.ts';

const MAX_RANGE = 10_000;
const MAX_DEPTH = 200;

/** Functions that are not methods. */
export const VALUE_FUNCTIONS: readonly CelFunction[] = [
  {
    name: 'size',
    takes: ['any'],
    gives: NUMBER,
    tellsNothing: true,
    opensDeep: true,
    says: 'number of characters, elements or keys',
    example: ['size([1, 2])', '2'],
    run: ([value = null], use) => sizeOf(value, use),
  },
  {
    name: 'string',
    takes: ['any'],
    gives: STRING,
    says: 'the value as text; JSON for lists and mappings',
    example: ['string(8080)', '"8080"'],
    run: ([value = null]) => (value === null ? 'null' : textOfValue(value)),
  },
  {
    name: 'int',
    takes: ['any'],
    gives: NUMBER,
    opensDeep: true,
    says: 'a whole number from a number (cut, not rounded) or from text',
    example: ['int("42")', '42'],
    run: ([value = null], use) => Math.trunc(numberOf(value, 'int', /^[-+]?\d+$/, use)),
  },
  {
    name: 'double',
    takes: ['any'],
    gives: NUMBER,
    opensDeep: true,
    says: 'a number from text',
    example: ['double("2.5")', '2.5'],
    run: ([value = null], use) => numberOf(value, 'double', /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/, use),
  },
  {
    name: 'bool',
    takes: ['any'],
    gives: BOOL,
    says: 'true or false from the texts "true" and "false"',
    example: ['bool("true")', 'true'],
    run: ([value = null], use) => booleanOf(value, use),
  },
  {
    name: 'type',
    takes: ['any'],
    gives: STRING,
    tellsNothing: true,
    says: 'the kind of a value: "string", "number", "bool", "list", "map" or "null"',
    example: ['type([1])', '"list"'],
    run: ([value = null]) => kindOf(value),
  },
  {
    name: 'dyn',
    takes: ['any'],
    gives: ANY,
    says: 'the value itself (kept from CEL)',
    example: ['dyn(1)', '1'],
    run: ([value = null]) => value,
  },
  {
    name: 'range',
    takes: ['number'],
    gives: listOf(NUMBER),
    says: 'the numbers from 0 up to, not including, this one',
    example: ['range(3)', '[0,1,2]'],
    run: ([count], use) => {
      if (Number(count) > MAX_RANGE) return use.fail(`range: at most ${MAX_RANGE} numbers`);
      use.spend(Number(count));
      return Array.from({ length: Math.max(0, Math.trunc(Number(count))) }, (_, i) => i);
    },
  },
  {
    name: 'joinPath',
    takes: ['string', 'string'],
    rest: true,
    gives: STRING,
    says: 'parts joined to one path',
    example: ['joinPath("/etc", "copse", "x.conf")', '"/etc/copse/x.conf"'],
    run: (parts) => posix.join(...parts.map(plainText)),
  },
  {
    name: 'compareVersions',
    takes: ['string', 'string'],
    gives: NUMBER,
    tellsNothing: true,
    says: 'how two versions are ordered, as rpm orders them: -1, 0 or 1',
    example: ['compareVersions("2026.10", "2026.9")', '1'],
    run: ([a, b]) => compareVersions(plainText(a), plainText(b)),
  },
  {
    name: 'parseDuration',
    takes: ['string'],
    gives: NUMBER,
    says: 'the seconds of a duration',
    example: ['parseDuration("1h30m")', '5400'],
    run: ([value], use) =>
      (parseDuration(plainText(value)) ?? use.fail('parseDuration: write a duration such as 90s, 10m or 1h30m')) / 1000,
  },
  {
    name: 'showDuration',
    takes: ['number'],
    gives: STRING,
    says: 'seconds as a person writes them',
    example: ['showDuration(90)', '"1m30s"'],
    run: ([value]) => showDuration(Number(value) * 1000),
  },
  {
    name: 'parseSize',
    takes: ['string'],
    gives: NUMBER,
    says: 'the bytes of a size (powers of 1024)',
    example: ['parseSize("4K")', '4096'],
    run: ([value], use) => parseSize(plainText(value)) ?? use.fail('parseSize: write a size such as 512M or 40G'),
  },
  {
    name: 'showSize',
    takes: ['number'],
    gives: STRING,
    says: 'bytes as a person reads them',
    example: ['showSize(1536)', '"1.5K"'],
    run: ([value]) => showSize(Number(value)),
  },
  {
    name: 'toJson',
    takes: ['any', 'number'],
    optional: 1,
    gives: STRING,
    opensDeep: true,
    says: 'the value as JSON, indented by a number of spaces',
    example: ['toJson({"a": [1]})', '"{\\"a\\":[1]}"'],
    run: ([value = null, indent]) => JSON.stringify(value, undefined, Math.min(8, Number(indent ?? 0))),
  },
  {
    name: 'fromJson',
    takes: ['string'],
    gives: ANY,
    says: 'the value that a JSON text stands for',
    example: ['fromJson("[1]")', '[1]'],
    run: ([value], use) => parseJson(plainText(value), use),
  },
  number('round', 'rounded to a whole number', ['round(2.5)', '3'], Math.round),
  number('floor', 'the next whole number below', ['floor(2.9)', '2'], Math.floor),
  number('ceil', 'the next whole number above', ['ceil(2.1)', '3'], Math.ceil),
  number('abs', 'without its sign', ['abs(-2)', '2'], Math.abs),
  extreme('min', 'the least of the numbers', ['min(3, 1)', '1'], Math.min),
  extreme('max', 'the greatest of the numbers', ['max(3, 1)', '3'], Math.max),
];

function number(
  name: string,
  says: string,
  example: CelFunction['example'],
  change: (value: number) => number,
): CelFunction {
  return { name, takes: ['number'], gives: NUMBER, says, example, run: ([value]) => change(Number(value)) };
}

function extreme(
  name: string,
  says: string,
  example: CelFunction['example'],
  pick: (...values: number[]) => number,
): CelFunction {
  return {
    name,
    takes: ['number', 'number'],
    rest: true,
    gives: NUMBER,
    says,
    example,
    run: (values) => pick(...values.map(Number)),
  };
}

function sizeOf(value: Value, use: FunctionUse): number {
  if (typeof value === 'string') return Array.from(value).length;
  if (Array.isArray(value)) return value.length;
  return isRecord(value) ? Object.keys(value).length : use.fail(`size: a ${kindOf(value)} has no size`);
}

function numberOf(value: Value, name: string, form: RegExp, use: FunctionUse): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && form.test(value.trim()) && Number.isFinite(Number(value))) return Number(value);
  const found = typeof value === 'string' ? 'a text that is no number' : `a ${kindOf(value)}`;
  return use.fail(`${name}: a number or its text is expected, found ${found}`);
}

function booleanOf(value: Value, use: FunctionUse): boolean {
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  const found = typeof value === 'string' ? 'another text' : `a ${kindOf(value)}`;
  return use.fail(`bool: "true" or "false" is expected, found ${found}`, 'compare instead: x == "yes"');
}

function parseJson(text: string, use: FunctionUse): Value {
  use.spend(text.length / 20);
  if (isDeep(text)) return use.fail(`fromJson: nested deeper than ${MAX_DEPTH} levels`);
  try {
    const value: Value = JSON.parse(text, (key, inner: unknown) => (RESERVED_NAMES.has(key) ? undefined : inner));
    return value;
  } catch {
    return use.fail('fromJson: the text is not JSON');
  }
}

/** True where brackets open deeper than values may be nested; those inside texts count too, which does no harm. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (const char of text) {
    if (char === '[' || char === '{') depth += 1;
    else if (char === ']' || char === '}') depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}
