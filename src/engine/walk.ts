import type { Block, Task, TaskNode } from '../playbook/types.ts';
import { guardedBlock } from './guard/block.ts';
import { nextHandler } from './handlers.ts';
import type { HostRun } from './host-run.ts';
import { loopItems, loopLocals } from './loop.ts';
import { stopOnFailures, type PlayRun } from './play-run.ts';
import { taskScope } from './scope.ts';
import { HostFailed, nextTurn, reportEnd, runTask, type Surroundings } from './task.ts';
import { endOfThrown } from './task-end.ts';

/** Thrown where a host stops although it did not fail: the play was stopped, or the person interrupted. */
export class HostStopped extends Error {}

/** Runs a list of nodes on one host, in order. Throws HostFailed or HostStopped where the host cannot go on. */
export async function walk(
  nodes: readonly TaskNode[],
  run: HostRun,
  play: PlayRun,
  around: Surroundings,
): Promise<void> {
  for (const node of nodes) {
    // A window of a guard is open for a short time: nobody is waited for in it.
    if (run.guard === undefined) await play.pace.arrive(run.host.name, play.order.position.get(node) ?? 0);
    if (node.kind === 'block') await walkBlock(node, run, play, around);
    else if (node.kind === 'flush') await flush(run, play, around);
    else if (await play.selected(node)) await guardedTask(node, run, play, around);
  }
}

async function guardedTask(task: Task, run: HostRun, play: PlayRun, around: Surroundings): Promise<void> {
  try {
    await inSlot(run, play, () => {
      if (play.deps.signal.aborted) throw new HostStopped('interrupted');
      if (play.stopped !== undefined) throw new HostStopped(play.stopped);
      return runTask(task, run, play, around);
    });
  } catch (error) {
    noteFailure(error, task, run, play, around);
    throw error;
  }
}

function noteFailure(error: unknown, task: Task, run: HostRun, play: PlayRun, around: Surroundings): void {
  if (!(error instanceof HostFailed) || around.guarded) return;
  const { status } = error.end;
  run.status = status === 'unreachable' || status === 'aborted' ? status : 'failed';
  stopOnFailures(play, task.anyErrorsFatal, run.host.name);
}

/** Hosts act in turns, task by task; one that holds its turn for longer (its whole play, a guarded block) has it already. */
function inSlot(run: HostRun, play: PlayRun, work: () => Promise<void>): Promise<void> {
  return run.guard !== undefined || play.play.strategy === 'free' ? work() : play.slots(work);
}

/** Runs the notified handlers once each, in the order they are defined. */
async function flush(run: HostRun, play: PlayRun, around: Surroundings): Promise<void> {
  let at = -1;
  for (let due = nextHandler(run, play, at); due !== undefined; due = nextHandler(run, play, at)) {
    at = due.at;
    await guardedTask(due.handler, run, play, around);
    run.notified.delete(due.handler.id);
  }
}

async function walkBlock(block: Block, run: HostRun, play: PlayRun, around: Surroundings): Promise<void> {
  if (block.loop === undefined) return walkOnce(block, run, play, around);
  const outer = taskScope(block, run, play, around.locals);
  for (const [index, item] of loopItems(block, outer).entries()) {
    const locals = { ...around.locals, ...loopLocals(block, item, index) };
    await walkOnce(block, run, play, { ...around, locals });
  }
}

async function walkOnce(block: Block, run: HostRun, play: PlayRun, around: Surroundings): Promise<void> {
  const guarded = around.guarded || block.rescue.length > 0;
  let failure: unknown;
  try {
    await body(block, run, play, { ...around, guarded });
  } catch (error) {
    failure = error;
  }
  if (failure instanceof HostFailed && failure.end.status !== 'aborted' && block.rescue.length > 0) {
    failure = await rescue(block, run, play, around, failure);
  }
  await always(block, run, play, around, failure);
  if (failure !== undefined) throw failure;
}

async function body(block: Block, run: HostRun, play: PlayRun, around: Surroundings): Promise<void> {
  const { guard } = block;
  if (guard === undefined) return walk(block.block, run, play, around);
  await inSlot(run, play, () =>
    guardedBlock(
      { ...block, guard },
      {
        run,
        play,
        locals: around.locals,
        turn: (task) => nextTurn(task, run, play),
        body: async () => {
          await walk(block.block, run, play, around);
          // What handlers do (restart sshd) belongs to what is to be confirmed.
          await flush(run, play, around);
        },
        report: (ended, ref, started) =>
          reportEnd(guard, run, play, { ended, ref, started, around }).catch((error: unknown) => {
            noteFailure(error, guard, run, play, around);
            throw error;
          }),
        isStop: (error) => error instanceof HostFailed && error.end.status === 'aborted',
      },
    ),
  );
}

/** Runs `rescue`; undefined when it went well, else what failed now. A host that does not answer any more cannot be rescued. */
async function rescue(
  block: Block,
  run: HostRun,
  play: PlayRun,
  around: Surroundings,
  failed: HostFailed,
): Promise<unknown> {
  if (failed.end.status === 'unreachable' && !(await isBack(run, play, 'rescue')))
    return settle(failed, run, play, around);
  run.registered['failed_task'] = { name: failed.ref.name, module: failed.ref.module };
  run.registered['failed_result'] = failed.end.result;
  try {
    await walk(block.rescue, run, play, around);
    return undefined;
  } catch (error) {
    return error;
  }
}

async function always(
  block: Block,
  run: HostRun,
  play: PlayRun,
  around: Surroundings,
  failure: unknown,
): Promise<void> {
  if (block.always.length === 0) return;
  const unreachable = failure instanceof HostFailed && failure.end.status === 'unreachable';
  if (unreachable && !(await isBack(run, play, 'always'))) return;
  await walk(block.always, run, play, around);
}

async function isBack(run: HostRun, play: PlayRun, what: string): Promise<boolean> {
  try {
    run.connected = false;
    await run.session.drop();
    await run.session.connect(play.deps.signal);
    run.connected = true;
    return true;
  } catch (error) {
    endOfThrown(error, play.deps.signal);
    await play.deps.emit({ type: 'note', host: run.host.name, text: `the host does not answer: ${what} was not run` });
    return false;
  }
}

/** Records a failure that no `rescue` could take, unless an outer one still may. */
function settle(failed: HostFailed, run: HostRun, play: PlayRun, around: Surroundings): HostFailed {
  if (!around.guarded) {
    run.status = failed.end.status === 'unreachable' ? 'unreachable' : 'failed';
    stopOnFailures(play, false, run.host.name);
  }
  return failed;
}
