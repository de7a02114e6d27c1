import { emptyRecord, isRecord } from '../config/plain.ts';
import { joinedTemplates } from '../config/template.ts';
import type { Expression } from '../config/expression.ts';
import { planArgs } from './args-plan.ts';
import { conditionsOf } from './conditions.ts';
import { under, type Cursor } from './cursor.ts';
import { unnamed } from './unnamed.ts';
import { frameOf, namesOf, templateAt } from './frames.ts';
import { refuseElsewhere } from './read-guard.ts';
import { loopOf } from './loops.ts';
import { moduleOf } from './module-key.ts';
import type { Level } from './level.ts';
import { complain, parseKeywords } from './reading.ts';
import { TaskKeywords } from './schema.ts';
import type { Task, TaskNode } from './types.ts';

const KEYWORDS: ReadonlySet<string> = new Set(Object.keys(TaskKeywords.shape));
const RESERVED: ReadonlySet<string> = new Set([
  'vars',
  'facts',
  'host',
  'groups',
  'hosts',
  'item',
  'index',
  'run',
  'result',
]);

/** A task: keywords and exactly one module. */
export function readTask(cursor: Cursor, level: Level): readonly TaskNode[] {
  const { reading, around } = level;
  const value = isRecord(cursor.value) ? cursor.value : {};
  const keywords = emptyRecord();
  const others: string[] = [];
  for (const [key, inner] of Object.entries(value)) {
    if (KEYWORDS.has(key)) keywords[key] = inner;
    else others.push(key);
  }
  const parsed = parseKeywords(TaskKeywords, keywords, cursor, reading);
  const found = moduleOf(cursor, others, reading);
  const frame = frameOf(cursor, parsed ?? {}, around, reading.problems);
  if (parsed === undefined || found === undefined) {
    forget(value, reading);
    return [];
  }
  checkNames(cursor, parsed, level);
  refuseElsewhere(cursor, frame, level);
  const { problems } = reading;
  const id = `${level.prefix}${level.counter.next}`;
  level.counter.next += 1;
  const conditions = (key: string): readonly Expression[] => conditionsOf(under(cursor, key), problems);
  const [until] = conditions('until');
  const listen = namesOf(parsed.listen);
  const task: Task = {
    ...frame,
    name: parsed.name ?? listen[0] ?? (level.isHandlers ? '' : unnamed(found.module.name, found.args.value)),
    kind: 'task',
    id,
    module: found.module,
    moduleKey: found.key,
    ...planArgs(found, problems),
    folders: level.folders,
    ...loopOf(cursor, parsed, problems),
    register: parsed.register,
    notify: joinedTemplates(frame.notify),
    listen,
    until,
    retries: parsed.retries ?? (until === undefined ? 0 : 3),
    delayMs: parsed.delay ?? 5000,
    failedWhen: parsed.failed_when === undefined ? undefined : conditions('failed_when'),
    changedWhen: parsed.changed_when === undefined ? undefined : conditions('changed_when'),
    runOnce: frame.runOnce,
    delegateTo: frame.delegateTo,
    allowDestroy: templateAt(under(cursor, 'allow_destroy'), problems),
  };
  return [task];
}

/** Names that would hide what expressions mean, and keywords that need each other. */
function checkNames(
  cursor: Cursor,
  parsed: { register?: string | undefined; until?: unknown; retries?: number | undefined; listen?: unknown },
  level: Level,
): void {
  const { reading } = level;
  if (parsed.register !== undefined && RESERVED.has(parsed.register)) {
    complain(reading, under(cursor, 'register'), 'value', {
      code: 'E_VALUE',
      message: `"${parsed.register}" has a meaning in expressions already`,
      hint: `register: ${parsed.register}_result`,
    });
  }
  if (parsed.retries !== undefined && parsed.until === undefined) {
    complain(reading, under(cursor, 'retries'), 'key', {
      code: 'E_MISSING',
      message: '"retries" needs "until"',
      hint: 'add until: !result.failed',
    });
  }
  if (Array.isArray(parsed.until)) {
    complain(reading, under(cursor, 'until'), 'value', {
      code: 'E_VALUE',
      message: 'until: expected one expression, found a list',
      hint: 'join them with &&',
    });
  }
  if (parsed.listen !== undefined && !level.isHandlers) {
    complain(reading, under(cursor, 'listen'), 'key', {
      code: 'E_KEY',
      message: 'only handlers listen',
      hint: 'move the task below "handlers:"',
    });
  }
}

/** Remembers the names that a task with problems would have given, so that they are not missed elsewhere. */
function forget(value: Readonly<Record<string, unknown>>, { lost }: Level['reading']): void {
  const { register, name, listen } = value;
  if (typeof register === 'string') lost.registers.add(register);
  for (const one of [name, ...(Array.isArray(listen) ? listen : [listen])])
    if (typeof one === 'string') lost.handlers.add(one);
}
