import type { TaskRef } from '../core/events.ts';
import type { Json } from '../core/json.ts';
import type { Value } from '../core/value.ts';
import { registeredResult } from '../playbook/results.ts';
import type { Task } from '../playbook/types.ts';
import { awaitHost, ensureConnected } from './connect.ts';
import type { Identity } from '../session/session.ts';
import type { HostRun } from './host-run.ts';
import { identityOf } from './identity.ts';
import { ignoresErrors, itemLabel, loopItems, loopLocals } from './loop.ts';
import { notifyHandlers } from './handlers.ts';
import type { PlayRun } from './play-run.ts';
import { taskScope, type Locals } from './scope.ts';
import { runItem, type Item } from './task-item.ts';
import { endBefore, historyOf, patienceWith, withChangeOfBefore } from './replay.ts';
import { endOfConnecting, endOfItems, endOfThrown, isBad, skipped, type TaskEnd } from './task-end.ts';

/** Where a task stands while it runs: the variables of the loops around it, and whether a `rescue` would catch it. */
export interface Surroundings {
  readonly locals: Locals;
  readonly guarded: boolean;
}

/** Thrown through the tasks of a host that cannot go on; caught by a block's `rescue` or by the play. */
export class HostFailed extends Error {
  readonly end: TaskEnd;
  readonly ref: TaskRef;

  constructor(end: TaskEnd, ref: TaskRef) {
    super(end.problems[0]?.message ?? end.status);
    this.end = end;
    this.ref = ref;
  }
}

/** Runs one task on one host, reports it, registers its result and notifies handlers. Throws HostFailed where it is not tolerated. */
export async function runTask(task: Task, run: HostRun, play: PlayRun, around: Surroundings): Promise<void> {
  const { deps } = play;
  const ref: TaskRef = {
    play: play.play.index,
    host: run.host.name,
    task: task.id,
    name: task.name,
    module: task.module.name,
    turn: nextTurn(task, run, play),
  };
  const started = deps.clock.elapsed();
  await deps.emit({ type: 'task-start', ref });
  const before = endBefore(historyOf(ref, play)?.end, task);
  const now = before ?? (await (task.runOnce ? runOnce : attempt)(task, run, play, ref, around));
  const met = withChangeOfBefore(now, historyOf(ref, play)?.end);
  const ended = run.provisional ? unknowable(met, task) : met;
  if (task.register !== undefined) run.registered[task.register] = registeredResult(task, ended.result);
  const tolerated = toleranceOf(task, run, play, ended, around);
  await report(ended, task, play, ref, { started, run, tolerated, replayed: before !== undefined });
  count(ended, run, play, tolerated);
  if (isBad(ended) && tolerated !== 'ignored') throw new HostFailed(ended, ref);
  if (ended.changed && task.notify !== undefined)
    notifyHandlers(task, taskScope(task, run, play, around.locals), run, play);
}

/**
 * In check mode, after a change that was not made: what an assertion or an expression finds wrong may be right in the real run.
 * It is told, and not counted as a failure.
 */
function unknowable(ended: TaskEnd, task: Task): TaskEnd {
  const onlyThought =
    task.module.inert === true || ended.problems.every(({ code }) => code === 'E_EXPR' || code === 'E_NAME');
  if (ended.status !== 'failed' || !onlyThought) return ended;
  const now = ended.problems.map((problem) => problem.message).join('; ');
  return {
    ...skipped('not known in check mode'),
    message: `cannot be known before the pending changes are made; now: ${now}`,
  };
}

/** What ended beside the tasks themselves: the window of a guarded block. */
export interface Ended {
  readonly ended: TaskEnd;
  readonly ref: TaskRef;
  readonly started: number;
  readonly around: Surroundings;
}

/** Reports and counts it like the end of a task. Throws HostFailed where it is not tolerated. */
export async function reportEnd(task: Task, run: HostRun, play: PlayRun, told: Ended): Promise<void> {
  const { ended, ref, started, around } = told;
  const tolerated = toleranceOf(task, run, play, ended, around);
  await report(ended, task, play, ref, { started, run, tolerated, replayed: false });
  count(ended, run, play, tolerated);
  if (isBad(ended) && tolerated !== 'ignored') throw new HostFailed(ended, ref);
}

function runOnce(task: Task, run: HostRun, play: PlayRun, ref: TaskRef, around: Surroundings): Promise<TaskEnd> {
  const key = `${task.id} ${JSON.stringify(around.locals)}`;
  const running = play.once.get(key) ?? attempt(task, run, play, ref, around);
  play.once.set(key, running);
  return running;
}

async function attempt(task: Task, run: HostRun, play: PlayRun, ref: TaskRef, around: Surroundings): Promise<TaskEnd> {
  const firstUser = (): Identity =>
    identityOf(task, run, play.deps.specOf(run.host), taskScope(task, run, play, around.locals));
  try {
    await awaitHost(run, play.deps, patienceWith(historyOf(ref, play)));
    await ensureConnected(run, play.deps, play.play.gatherFacts, firstUser);
  } catch (error) {
    return endOfConnecting(error, play.deps.signal);
  }
  try {
    const scope = taskScope(task, run, play, around.locals);
    if (task.loop === undefined) return await runItem({ task, run, play, ref, scope, index: 0 });
    return await runLoop(task, run, play, ref, around);
  } catch (error) {
    return endOfThrown(error, play.deps.signal);
  }
}

async function runLoop(task: Task, run: HostRun, play: PlayRun, ref: TaskRef, around: Surroundings): Promise<TaskEnd> {
  const ends: TaskEnd[] = [];
  const outer = taskScope(task, run, play, around.locals);
  for (const [index, item] of loopItems(task, outer).entries()) {
    if (index > 0 && task.loopControl.pauseMs > 0)
      await play.deps.clock.sleep(task.loopControl.pauseMs, play.deps.signal);
    const locals = { ...around.locals, ...loopLocals(task, item, index) };
    const scope = taskScope(task, run, play, locals);
    const itemRef: TaskRef = { ...ref, item: itemLabel(task, item, scope), at: index };
    const started = play.deps.clock.elapsed();
    const before = endBefore(historyOf(ref, play)?.items.get(index), task);
    const ended = before ?? (await itemEnd({ task, run, play, ref: itemRef, scope, index }));
    const result = { ...ended.result, [task.loopControl.loopVar]: item };
    ends.push({ ...ended, result });
    await report(ended, task, play, itemRef, { started, run, tolerated: undefined, replayed: before !== undefined });
    if (ended.status === 'unreachable' || ended.status === 'aborted') break;
  }
  return endOfItems(ends);
}

function itemEnd(item: Item): Promise<TaskEnd> {
  return runItem(item).catch((error: unknown) => endOfThrown(error, item.play.deps.signal));
}

/** How often this task had begun on this host before, and counts this time. */
export function nextTurn(task: Task, run: HostRun, play: PlayRun): number {
  const key = `${play.play.index} ${task.id}`;
  const turn = run.turns.get(key) ?? 0;
  run.turns.set(key, turn + 1);
  return turn;
}

function toleranceOf(
  task: Task,
  run: HostRun,
  play: PlayRun,
  ended: TaskEnd,
  around: Surroundings,
): 'ignored' | 'rescued' | undefined {
  if (!isBad(ended) || ended.status === 'aborted') return undefined;
  if (ended.status === 'unreachable') {
    if (task.ignoreUnreachable) return 'ignored';
  } else if (ignoresErrors(task, taskScope(task, run, play, around.locals))) return 'ignored';
  return around.guarded ? 'rescued' : undefined;
}

/** What a report tells beside the end itself. */
interface Told {
  readonly started: number;
  readonly run: HostRun;
  readonly tolerated: 'ignored' | 'rescued' | undefined;
  readonly replayed: boolean;
}

async function report(ended: TaskEnd, task: Task, play: PlayRun, ref: TaskRef, told: Told): Promise<void> {
  const { started, run, tolerated, replayed } = told;
  const { deps, request } = play;
  const withDiff = !task.noLog && (task.diff ?? request.options.diff);
  await deps.emit({
    type: 'task-end',
    ref,
    status: ended.status,
    ms: Math.round(deps.clock.elapsed() - started),
    diff: withDiff ? ended.diff : [],
    result: task.noLog ? {} : plain(ended.result),
    problems: task.noLog ? ended.problems.map((one) => ({ ...one, message: 'hidden by no_log' })) : ended.problems,
    ...(tolerated === undefined ? {} : { tolerated }),
    ...(run.provisional ? { provisional: true } : {}),
    ...(replayed ? { replayed: true as const } : {}),
    ...(ended.owesReboot === true ? { owesReboot: true as const } : {}),
    ...(ended.message === undefined || task.noLog ? {} : { message: ended.message }),
  });
}

/** Secrets become `***`; everything else stays as it is. */
function plain(value: Readonly<Record<string, Value>>): Record<string, Json> {
  return JSON.parse(JSON.stringify(value)) as Record<string, Json>;
}

function count(ended: TaskEnd, run: HostRun, play: PlayRun, tolerated: 'ignored' | 'rescued' | undefined): void {
  if (tolerated === undefined) run.counts[ended.status] += 1;
  else run.counts[tolerated] += 1;
  const changed = ended.status === 'changed';
  if (run.status === 'not_run' || (run.status === 'ok' && changed)) run.status = changed ? 'changed' : 'ok';
  if (play.request.options.check && (changed || ended.status === 'ran')) run.provisional = true;
}
