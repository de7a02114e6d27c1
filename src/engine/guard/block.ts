import type { TaskRef } from '../../core/events.ts';
import type { Block, Task } from '../../playbook/types.ts';
import { awaitHost, ensureConnected } from '../connect.ts';
import type { HostRun } from '../host-run.ts';
import type { PlayRun } from '../play-run.ts';
import { historyOf } from '../replay.ts';
import type { Locals } from '../scope.ts';
import { tasksOf } from '../select.ts';
import { end, endOfThrown, isBad, type TaskEnd } from '../task-end.ts';
import { close, foreseen } from './close.ts';
import { adopt, createGuard, type Guard, type GuardParts } from './index.ts';

/** What a guarded block needs of the walk through the tasks. */
export interface GuardedWalk {
  readonly run: HostRun;
  readonly play: PlayRun;
  readonly locals: Locals;
  /** How often the block had begun on this host before. */
  readonly turn: (task: Task) => number;
  /** Its tasks, and then the handlers notified so far. */
  readonly body: () => Promise<void>;
  /** Reports the window's end like that of a task; throws where the host cannot go on. */
  readonly report: (ended: TaskEnd, ref: TaskRef, started: number) => Promise<void>;
  /** True for an error that stops the whole run at once. */
  readonly isStop: (error: unknown) => boolean;
}

/**
 * Runs a block in the window of its guard: all of it in one go, because time counts. When its tasks went well the change is confirmed, and
 * undone otherwise. What was thrown is thrown on.
 */
export async function guardedBlock(block: Block & { readonly guard: Task }, walk: GuardedWalk): Promise<void> {
  const { run, play } = walk;
  const task = block.guard;
  const place = {
    play: play.play.index,
    host: run.host.name,
    task: task.id,
    name: task.name,
    module: task.module.name,
  };
  const ref: TaskRef = { ...place, turn: walk.turn(task) };
  const known = historyOf(ref, play);
  const parts: GuardParts = {
    task,
    ref,
    run,
    play,
    locals: walk.locals,
    deployments: tasksOf(block.block).some(({ module }) => module.activates !== undefined),
    forgets: known?.guard === 'undone' || known?.guard === 'gone',
  };
  const guard = createGuard(parts);
  const notified = new Set(run.notified.keys());
  if (known?.guard !== undefined) await resume(guard, parts, known.guard, walk);
  run.guard = guard;
  let failure: unknown;
  try {
    await walk.body();
  } catch (error) {
    failure = error;
  } finally {
    run.guard = undefined;
  }
  const undone = await closeWindow(guard, parts, failure, walk);
  if (undone) for (const id of run.notified.keys()) if (!notified.has(id)) run.notified.delete(id);
  if (failure !== undefined) throw failure;
}

/** True where the window was closed without a confirmation. */
async function closeWindow(guard: Guard, parts: GuardParts, failure: unknown, walk: GuardedWalk): Promise<boolean> {
  const { run, play } = parts;
  const { deps } = play;
  if (guard.state === 'foreseen') {
    const { want } = await guard.bound();
    await deps.emit({ type: 'note', host: run.host.name, text: foreseen(want, guard.paths, parts.deployments) });
  }
  if (guard.state !== 'open') return false;
  if (deps.signal.aborted || walk.isStop(failure)) {
    const text = `"${guard.task.name}" is not confirmed: the host undoes the change by itself; copse resume tells what came of it`;
    await deps.emit({ type: 'note', host: run.host.name, text });
    return true;
  }
  const started = deps.clock.elapsed();
  await deps.emit({ type: 'task-start', ref: guard.ref });
  const ended = await closed(guard, parts, failure === undefined ? 'confirm' : 'undo');
  // The failure of before is what a person must act on; it is thrown on.
  await walk.report(ended, guard.ref, started).catch((error: unknown) => {
    if (failure === undefined) throw error;
  });
  return failure !== undefined || isBad(ended);
}

async function closed(guard: Guard, parts: GuardParts, want: 'confirm' | 'undo', mayHave = false): Promise<TaskEnd> {
  try {
    return (await close(guard, parts, want, mayHave)).end;
  } catch (error) {
    return endOfThrown(error, parts.play.deps.signal);
  }
}

/**
 * An earlier copse opened the window and was gone before its end. The host knows what came of it: a window that is still open is gone on
 * with, everything else is told.
 */
async function resume(
  guard: Guard,
  parts: GuardParts,
  known: NonNullable<NonNullable<ReturnType<typeof historyOf>>['guard']>,
  walk: GuardedWalk,
): Promise<void> {
  const { run, play, ref } = parts;
  const { deps } = play;
  if (known === 'confirmed' || guard.forgets) return;
  const started = deps.clock.elapsed();
  let ended: TaskEnd;
  try {
    await awaitHost(run, deps, PATIENCE_MS);
    await ensureConnected(run, deps, play.play.gatherFacts);
    const { settled, end: looked } = await close(guard, parts, 'look', known === 'confirming');
    if (settled.end === 'armed') {
      await adopt(guard, parts);
      const text = `"${guard.task.name}" is still open on the host: its time begins anew`;
      await deps.emit({ type: 'note', host: run.host.name, text });
      return;
    }
    if (settled.end === 'confirmed' || (settled.end === 'gone' && known === 'arming')) return;
    ended = looked;
  } catch (error) {
    ended = endOfThrown(error, deps.signal);
  }
  await deps.emit({ type: 'task-start', ref });
  await walk.report(isBad(ended) ? ended : end('failed', ended.problems), ref, started);
}

/** A host may be rebooting to undo. */
const PATIENCE_MS = 10 * 60_000;
