import { isRecord } from '../config/plain.ts';
import { shown } from '../config/zod-problems.ts';
import { elements, placeOf, under, type Cursor } from './cursor.ts';
import { frameOf } from './frames.ts';
import { guardOf } from './read-guard.ts';
import { HABITS } from './habits.ts';
import { loopOf } from './loops.ts';
import type { Level } from './level.ts';
import { openImport } from './read-import.ts';
import { readTask } from './read-task.ts';
import { complain, countTask, parseKeywords } from './reading.ts';
import { BlockKeywords, TaskKeywords } from './schema.ts';
import type { Block, TaskNode } from './types.ts';

/** The tasks of a list; what is wrong with them is added to the problems. */
export async function readTasks(list: Cursor, level: Level): Promise<readonly TaskNode[]> {
  if (list.value === undefined || list.value === null) return [];
  if (!Array.isArray(list.value)) {
    complain(level.reading, list, 'value', {
      code: 'E_VALUE',
      message: `expected a list of tasks, found ${shown(list.value)}`,
      hint: 'begin each task with "- "',
    });
    return [];
  }
  const nodes: TaskNode[] = [];
  for (const cursor of elements(list)) {
    if (!countTask(level.reading, placeOf(cursor))) break;
    nodes.push(...(await readNode(cursor, level)));
  }
  return nodes;
}

async function readNode(cursor: Cursor, level: Level): Promise<readonly TaskNode[]> {
  const { value } = cursor;
  if (value === null) {
    complain(level.reading, cursor, 'value', {
      code: 'E_VALUE',
      message: 'expected a task, found nothing',
      hint: 'take the empty "-" out',
    });
    return [];
  }
  if (!isRecord(value)) {
    const hint =
      typeof value === 'string' && /^[\w.]+$/.test(value)
        ? `write "- ${value}:" for a module without parameters`
        : 'write "- name: …" and a module';
    complain(level.reading, cursor, 'value', {
      code: 'E_VALUE',
      message: `expected a task, found ${shown(value)}`,
      hint,
    });
    return [];
  }
  if ('hosts' in value) {
    const hint = 'a task file is a list of tasks; import a playbook with "import_playbook" beside the plays';
    complain(level.reading, cursor, 'value', { code: 'E_VALUE', message: 'expected a task, found a play', hint });
    return [];
  }
  if ('block' in value || 'rescue' in value || 'always' in value) return readBlock(cursor, level);
  if ('import_tasks' in value || 'ansible.builtin.import_tasks' in value) return readImport(cursor, level);
  if ('meta' in value || 'ansible.builtin.meta' in value) return readMeta(cursor, level);
  return readTask(cursor, level);
}

async function readImport(cursor: Cursor, level: Level): Promise<readonly TaskNode[]> {
  const opened = await openImport(cursor, level);
  return opened === undefined ? [] : readTasks(opened.list, opened.level);
}

async function readBlock(cursor: Cursor, level: Level): Promise<readonly TaskNode[]> {
  const { reading, around } = level;
  if (level.isHandlers) {
    complain(reading, cursor, 'value', {
      code: 'E_KEY',
      message: 'handlers cannot be blocks',
      hint: 'list the handlers themselves; several can "listen" to one name',
    });
    return [];
  }
  const keywords = parseKeywords(BlockKeywords, blockKeys(cursor, reading), cursor, reading);
  const id = `${level.prefix}${level.counter.next}`;
  level.counter.next += 1;
  const frame = frameOf(cursor, keywords ?? {}, around, reading.problems);
  const guard = guardOf(cursor, frame, id, level);
  const inside = (suffix: string): Level => ({
    ...level,
    around: frame,
    prefix: `${id}.${suffix}`,
    counter: { next: 1 },
  });
  const block: Block = {
    ...frame,
    kind: 'block',
    id,
    ...loopOf(cursor, keywords ?? {}, reading.problems),
    block: await readTasks(
      under(cursor, 'block'),
      guard === undefined ? inside('') : { ...inside(''), isGuarded: true },
    ),
    rescue: await readTasks(under(cursor, 'rescue'), inside('r')),
    always: await readTasks(under(cursor, 'always'), inside('a')),
    guard,
  };
  return [block];
}

/** A block's keys without those that belong into one of its tasks, which are answered here. */
function blockKeys(cursor: Cursor, reading: Level['reading']): unknown {
  const known: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(isRecord(cursor.value) ? cursor.value : {})) {
    const isModule = reading.registry.findModule(key) !== undefined;
    if (isModule || (TASK_ONLY.has(key) && !(key in BlockKeywords.shape))) {
      const message = isModule ? `a block has no module, "${key}" is one` : `"${key}" is not a keyword of a block`;
      complain(reading, under(cursor, key), 'key', { code: 'E_KEY', message, hint: 'put it into a task of the block' });
    } else known[key] = value;
  }
  return known;
}

const TASK_ONLY: ReadonlySet<string> = new Set(Object.keys(TaskKeywords.shape));

function readMeta(cursor: Cursor, level: Level): readonly TaskNode[] {
  const key = isRecord(cursor.value) && 'meta' in cursor.value ? 'meta' : 'ansible.builtin.meta';
  const what = under(cursor, key);
  if (what.value === 'flush_handlers') {
    const id = `${level.prefix}${level.counter.next}`;
    level.counter.next += 1;
    return [{ kind: 'flush', id }];
  }
  const habit = HABITS.meta.get(typeof what.value === 'string' ? what.value : '');
  const hint = habit ?? 'only "meta: flush_handlers" is there';
  complain(level.reading, what, 'value', {
    code: 'E_ANSIBLE',
    message: `meta: ${shown(what.value)} is not there`,
    hint,
  });
  return [];
}
