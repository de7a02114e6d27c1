import { planArgs } from './args-plan.ts';
import { under, type Cursor } from './cursor.ts';
import type { Inherited } from './frames.ts';
import { guard } from './guard.ts';
import type { Level } from './level.ts';
import { complain } from './reading.ts';
import type { Task } from './types.ts';

/** The `guard` of a block in the form of a task, undefined where it has none. */
export function guardOf(cursor: Cursor, frame: Inherited, id: string, level: Level): Task | undefined {
  const args = under(cursor, 'guard');
  if (args.value === undefined) return undefined;
  const { reading } = level;
  if (level.isGuarded === true) {
    const hint = 'one window is open at a time: take one of the two out';
    complain(reading, args, 'key', { code: 'E_KEY', message: 'this block stands in a guarded block already', hint });
    return undefined;
  }
  return {
    ...frame,
    name: frame.name === '' ? 'guard' : `guard: ${frame.name}`,
    kind: 'task',
    id: `${id}.guard`,
    module: guard,
    moduleKey: 'guard',
    ...planArgs({ module: guard, key: 'guard', args }, reading.problems),
    folders: level.folders,
    loop: undefined,
    loopControl: { loopVar: 'item', indexVar: 'index', label: undefined, pauseMs: 0 },
    register: undefined,
    notify: undefined,
    listen: [],
    until: undefined,
    retries: 0,
    delayMs: 0,
    failedWhen: undefined,
    changedWhen: undefined,
    runOnce: false,
    delegateTo: undefined,
    allowDestroy: undefined,
  };
}

/** A guard undoes on the host itself, so that nothing in its block may be done elsewhere, or by one host for all. */
export function refuseElsewhere(cursor: Cursor, frame: Inherited, level: Level): void {
  if (level.isGuarded !== true) return;
  const key = frame.delegateTo !== undefined ? 'delegate_to' : frame.runOnce ? 'run_once' : undefined;
  if (key === undefined) return;
  const found = under(cursor, key);
  complain(level.reading, found.value === undefined ? cursor : found, found.value === undefined ? 'value' : 'key', {
    code: 'E_KEY',
    message: `"${key}" cannot stand in a guarded block: the guard undoes what its own host changed, and nothing else`,
    hint: 'put the task before or after the block',
  });
}
