import type { ReturnField } from '../core/module.ts';
import type { Value } from '../core/value.ts';
import { isRecord } from '../config/plain.ts';
import { ANY, BOOL, listOf, NUMBER, STRING, type Type } from '../config/type.ts';
import type { Task } from './types.ts';

/** What every registered result holds, whatever the module. */
const COMMON: Readonly<Record<string, Type>> = {
  changed: BOOL,
  failed: BOOL,
  skipped: BOOL,
  msg: STRING,
  diff: listOf(ANY),
};

const TYPES: Readonly<Record<ReturnField['type'], Type>> = {
  string: STRING,
  int: NUMBER,
  double: NUMBER,
  bool: BOOL,
  list: listOf(ANY),
  map: { kind: 'map', of: ANY },
  dyn: ANY,
};

const EMPTY: Readonly<Record<ReturnField['type'], Value>> = {
  string: '',
  int: 0,
  double: 0,
  bool: false,
  list: [],
  map: {},
  dyn: null,
};

/** What expressions may read of a task's registered result. */
export function resultType(task: Task): Type {
  const name = task.register ?? 'result';
  const one = itemType(task);
  if (task.loop === undefined) return { kind: 'record', says: name, fields: one };
  const item: Type = {
    kind: 'record',
    says: `${name}.results[0]`,
    fields: new Map([...one, [task.loopControl.loopVar, ANY]]),
  };
  const fields = new Map<string, Type>([...Object.entries(COMMON), ['results', listOf(item)], ['skip_reason', STRING]]);
  return { kind: 'record', says: name, fields };
}

/** What `until`, `failed_when` and `changed_when` may read: the result of one item. */
export function itemResultType(task: Task): Type {
  return { kind: 'record', says: 'result', fields: itemType(task) };
}

function itemType(task: Task): ReadonlyMap<string, Type> {
  const fields = new Map<string, Type>(Object.entries(COMMON));
  fields.set('skip_reason', STRING);
  fields.set('attempts', NUMBER);
  for (const [key, field] of Object.entries(task.module.returns)) fields.set(key, TYPES[field.type]);
  return fields;
}

/**
 * What is registered of a task: every field that its module promises is there, empty where the task was skipped or failed, so that an
 * expression on it finds a value. For a loop that goes for each of its `results`.
 */
export function registeredResult(task: Task, result: Readonly<Record<string, Value>>): Record<string, Value> {
  if (task.loop === undefined) return { ...emptyResult(task), ...result };
  const results = result['results'];
  const items = Array.isArray(results)
    ? results.map((item: Value) => (isRecord(item) ? { ...emptyResult(task), ...item } : item))
    : [];
  return { ...COMMON_EMPTY, ...result, results: items };
}

const COMMON_EMPTY: Readonly<Record<string, Value>> = {
  changed: false,
  failed: false,
  skipped: false,
  msg: '',
  diff: [],
  skip_reason: '',
};

function emptyResult({ module }: Task): Record<string, Value> {
  const empty: Record<string, Value> = { ...COMMON_EMPTY };
  for (const [key, field] of Object.entries(module.returns)) empty[key] = EMPTY[field.type];
  return empty;
}
