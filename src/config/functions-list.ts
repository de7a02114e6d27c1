import type { Value } from '../core/value.ts';
import type { CelFunction, FunctionUse } from './cel-function.ts';
import { emptyRecord } from './plain.ts';
import { ANY, BOOL, listOf, NUMBER, STRING, type Kind, type Type } from './type.ts';
import { joinTexts } from '../core/secret.ts';
import { entry, keyOf, order, plainText, textOfValue } from './values.ts';

const LIST = listOf(ANY);
const MAP: Type = { kind: 'map', of: ANY };

/** Methods of lists and mappings. */
export const LIST_FUNCTIONS: readonly CelFunction[] = [
  { ...list('size', [], NUMBER, 'number of elements', ['[1, 2].size()', '2'], (l) => l.length), tellsNothing: true },
  {
    ...list('contains', ['any'], BOOL, 'holds the value', ['[1, 2].contains(2)', 'true'], (l, [value = null]) =>
      keysOf(l).has(keyOf(value)),
    ),
    tellsNothing: true,
  },
  list(
    'first',
    [],
    ANY,
    'the first element',
    ['[3, 4].first()', '3'],
    (l, _args, use) => l[0] ?? use.fail('first: the list is empty'),
  ),
  list(
    'last',
    [],
    ANY,
    'the last element',
    ['[3, 4].last()', '4'],
    (l, _args, use) => l.at(-1) ?? use.fail('last: the list is empty'),
  ),
  list(
    'slice',
    ['number', 'number'],
    LIST,
    'from one position up to, not including, another',
    ['[1, 2, 3].slice(1, 3)', '[2,3]'],
    (l, [from, to]) => l.slice(Number(from), Number(to)),
  ),
  list('reverse', [], LIST, 'in the opposite order', ['[1, 2].reverse()', '[2,1]'], (l) => l.toReversed()),
  list('sort', [], LIST, 'sorted: all numbers, or all texts', ['["b", "a"].sort()', '["a","b"]'], sorted),
  list('unique', [], LIST, 'without repetitions, first ones kept', ['[1, 2, 1].unique()', '[1,2]'], (l) => unique(l)),
  list('flatten', [], LIST, 'lists in it opened, all levels', ['[1, [2, [3]]].flatten()', '[1,2,3]'], (l, _args, use) =>
    flattened(l, use),
  ),
  list(
    'union',
    ['list'],
    LIST,
    'what is in one of both, without repetitions',
    ['[1, 2].union([2, 3])', '[1,2,3]'],
    (l, [other]) => unique([...l, ...asList(other)]),
  ),
  list('intersect', ['list'], LIST, 'what is in both', ['[1, 2].intersect([2, 3])', '[2]'], (l, [other]) => {
    const keys = keysOf(asList(other));
    return unique(l.filter((item) => keys.has(keyOf(item))));
  }),
  list('difference', ['list'], LIST, 'what is not in the other', ['[1, 2].difference([2, 3])', '[1]'], (l, [other]) => {
    const keys = keysOf(asList(other));
    return unique(l.filter((item) => !keys.has(keyOf(item))));
  }),
  {
    ...list('join', ['string'], STRING, 'its elements as one text', ['["a", 1].join(",")', '"a,1"'], joined),
    optional: 1,
  },
  list('sum', [], NUMBER, 'the sum of its numbers', ['[1, 2.5].sum()', '3.5'], (l, _args, use) =>
    numbers(l, 'sum', use).reduce((a, b) => a + b, 0),
  ),
  list(
    'min',
    [],
    ANY,
    'its least element',
    ['[3, 1].min()', '1'],
    (l, args, use) => sorted(l, args, use)[0] ?? use.fail('min: the list is empty'),
  ),
  list(
    'max',
    [],
    ANY,
    'its greatest element',
    ['[3, 1].max()', '3'],
    (l, args, use) => sorted(l, args, use).at(-1) ?? use.fail('max: the list is empty'),
  ),
  list(
    'toMap',
    [],
    MAP,
    'a mapping of its {key, value} elements',
    ['[{"key": "a", "value": 1}].toMap()', '{"a":1}'],
    toMap,
  ),
  {
    ...map('size', [], NUMBER, 'number of keys', ['{"a": 1}.size()', '1'], (m) => Object.keys(m).length),
    tellsNothing: true,
  },
  {
    ...map('contains', ['string'], BOOL, 'has the key', ['{"a": 1}.contains("a")', 'true'], (m, [key]) =>
      Object.hasOwn(m, plainText(key)),
    ),
    tellsNothing: true,
  },
  map('keys', [], listOf(STRING), 'its keys in order', ['{"b": 1, "a": 2}.keys()', '["b","a"]'], (m) => Object.keys(m)),
  map('values', [], LIST, 'its values in order', ['{"b": 1, "a": 2}.values()', '[1,2]'], (m) =>
    Object.keys(m).map((key) => entry(m, key)),
  ),
  map('items', [], LIST, 'its pairs as {key, value}, for loops', ['{"a": 1}.items()', '[{"key":"a","value":1}]'], (m) =>
    Object.keys(m).map((key) => ({ key, value: entry(m, key) })),
  ),
  map(
    'merge',
    ['map'],
    MAP,
    'with the keys of another mapping added; the other one wins',
    ['{"a": 1}.merge({"b": 2})', '{"a":1,"b":2}'],
    (m, [other]) => merged(m, asMap(other)),
  ),
  map('without', ['list'], MAP, 'without these keys', ['{"a": 1, "b": 2}.without(["a"])', '{"b":2}'], (m, [keys]) => {
    const left = merged(m, {});
    for (const key of asList(keys)) delete left[plainText(key)];
    return left;
  }),
];

type ListRun = (list: readonly Value[], args: readonly Value[], use: FunctionUse) => Value;
type MapRun = (map: object, args: readonly Value[], use: FunctionUse) => Value;

function list(
  name: string,
  takes: readonly Kind[],
  gives: Type,
  says: string,
  example: CelFunction['example'],
  run: ListRun,
): CelFunction {
  const spending: CelFunction['run'] = ([receiver, ...args], use) => {
    const items = asList(receiver);
    use.spend(items.length + asList(args[0]).length);
    return run(items, args, use);
  };
  return { name, on: 'list', takes, gives, says, example, run: spending };
}

function map(
  name: string,
  takes: readonly Kind[],
  gives: Type,
  says: string,
  example: CelFunction['example'],
  run: MapRun,
): CelFunction {
  const spending: CelFunction['run'] = ([receiver, ...args], use) => {
    const record = asMap(receiver);
    use.spend(Object.keys(record).length);
    return run(record, args, use);
  };
  return { name, on: 'map', takes, gives, says, example, run: spending };
}

function asList(value: Value | undefined): readonly Value[] {
  return Array.isArray(value) ? value : [];
}

function asMap(value: Value | undefined): object {
  return typeof value === 'object' && value !== null ? value : {};
}

function keysOf(items: readonly Value[]): Set<string> {
  return new Set(items.map(keyOf));
}

function unique(items: readonly Value[]): Value[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const key = keyOf(item);
    return seen.has(key) ? false : seen.add(key);
  });
}

function flattened(items: readonly Value[], use: FunctionUse): Value[] {
  use.spend(items.length);
  return items.flatMap((item) => (Array.isArray(item) ? flattened(item, use) : [item]));
}

function sorted(items: readonly Value[], _args: readonly Value[], use: FunctionUse): Value[] {
  use.spend(items.length * 4);
  return items.toSorted(
    (a, b) => order(a, b) ?? use.fail('a list can be ordered when it holds only numbers or only texts'),
  );
}

function joined(items: readonly Value[], [between]: readonly Value[]): Value {
  return joinTexts(items.map(textOfValue), between === undefined ? '' : plainText(between));
}

function numbers(items: readonly Value[], name: string, use: FunctionUse): number[] {
  return items.map((item) =>
    typeof item === 'number' ? item : use.fail(`${name}: the list holds something that is no number`),
  );
}

function merged(first: object, second: object): Record<string, Value> {
  const all = emptyRecord<Value>();
  for (const record of [first, second]) for (const key of Object.keys(record)) all[key] = entry(record, key);
  return all;
}

function toMap(items: readonly Value[], _args: readonly Value[], use: FunctionUse): Value {
  const made = emptyRecord<Value>();
  for (const item of items) {
    const key = entry(asMap(item), 'key');
    if (typeof key !== 'string') return use.fail('toMap: every element must be a mapping with "key" and "value"');
    made[key] = entry(asMap(item), 'value');
  }
  return made;
}
