import { didYouMean } from '../core/nearest.ts';
import type { AnyModule } from '../core/module.ts';
import { under, type Cursor } from './cursor.ts';
import { HABITS, moduleAnswer } from './habits.ts';
import { keyValueHint } from './key-value.ts';
import { complain, type Reading } from './reading.ts';
import { BlockKeywords, PlayKeywords, TaskKeywords } from './schema.ts';

const TASK_KEYWORDS = Object.keys(TaskKeywords.shape);
const ELSEWHERE: ReadonlySet<string> = new Set([
  ...Object.keys(PlayKeywords.shape),
  ...Object.keys(BlockKeywords.shape),
]);

/** A module as a task names it, with its arguments. */
export interface FoundModule {
  readonly module: AnyModule;
  readonly key: string;
  readonly args: Cursor;
}

/** The one module among a task's keys that are no keywords; undefined with the problems added when there is not exactly one. */
export function moduleOf(task: Cursor, keys: readonly string[], reading: Reading): FoundModule | undefined {
  const found: FoundModule[] = [];
  let wrong = 0;
  for (const key of keys) {
    const module = reading.registry.findModule(key) ?? reading.registry.findModule(shortName(key));
    const args = under(task, key);
    if (module !== undefined) found.push({ module, key, args });
    else {
      wrong += 1;
      complain(reading, args, 'key', unknownKey(key, reading));
    }
  }
  const [first, second] = found;
  if (second !== undefined) {
    const message = `a task has one module, here are "${first?.key ?? ''}" and "${second.key}"`;
    complain(reading, second.args, 'key', { code: 'E_VALUE', message, hint: 'begin a second task with "- "' });
    return undefined;
  }
  if (first === undefined && wrong === 0) {
    complain(reading, task, 'value', {
      code: 'E_MISSING',
      message: 'the task has no module',
      hint: '"copse doc" lists the modules',
    });
  }
  if (first === undefined || wrong > 0) return undefined;
  const misspelt = keyValueHint(first.module, first.args.value);
  if (misspelt === undefined) return first;
  complain(reading, first.args, 'value', misspelt);
  return undefined;
}

/** `copy` for `ansible.builtin.copy` and `community.general.copy`: a collection's name does not change what is meant. */
function shortName(key: string): string {
  return /^(?:[a-z]\w*\.){2}/i.test(key) ? key.slice(key.lastIndexOf('.') + 1) : key;
}

function unknownKey(
  key: string,
  reading: Reading,
): { code: 'E_ANSIBLE' | 'E_MODULE' | 'E_KEY'; message: string; hint: string } {
  const name = shortName(key);
  const keyword = HABITS.keywords.get(key) ?? HABITS.keywords.get(name);
  if (keyword !== undefined || key.startsWith('with_')) {
    return {
      code: 'E_ANSIBLE',
      message: `"${key}" is not a keyword here`,
      hint: keyword ?? 'write "loop:" with the list',
    };
  }
  if (ELSEWHERE.has(key))
    return { code: 'E_KEY', message: `"${key}" is not a keyword of a task`, hint: 'write it in the play' };
  const module = moduleAnswer(name, (one) => isThere(one, reading));
  if (module !== undefined) return { code: 'E_ANSIBLE', message: `there is no module "${key}"`, hint: module };
  const names = [...reading.registry.modules.map((one) => one.name), ...TASK_KEYWORDS, 'block', 'import_tasks'];
  return {
    code: 'E_MODULE',
    message: `there is no module or keyword "${key}"`,
    hint: didYouMean(name, names) ?? '"copse doc" lists the modules',
  };
}

/** True for modules there are, and for keywords that answers name in the same way. */
function isThere(name: string, reading: Reading): boolean {
  return reading.registry.findModule(name) !== undefined || ELSEWHERE.has(name) || TASK_KEYWORDS.includes(name);
}
