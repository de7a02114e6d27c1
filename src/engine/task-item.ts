import { holds } from '../config/expression.ts';
import { render } from '../config/template.ts';
import type { Answers } from '../core/answer.ts';
import type { TaskRef } from '../core/events.ts';
import { fault, type Problem } from '../core/problem.ts';
import { showDuration } from '../core/units.ts';
import type { Value } from '../core/value.ts';
import { bindArgs } from '../playbook/bind.ts';
import type { Scope, Task } from '../playbook/types.ts';
import type { Identity } from '../session/session.ts';
import { ensureConnected, forgetFacts } from './connect.ts';
import { converge, type Converged } from './converge.ts';
import type { HostRun } from './host-run.ts';
import { environmentOf, identityOf } from './identity.ts';
import { wishesAhead } from './lookahead.ts';
import type { PlayRun } from './play-run.ts';
import { neighboursOf } from './neighbours.ts';
import { settleOwed } from './owed.ts';
import { withResult } from './scope.ts';
import type { Job } from './rounds.ts';
import type { StepContext } from './step-context.ts';
import { historyOf, inDoubt } from './replay.ts';
import { end, skipped, type TaskEnd } from './task-end.ts';

/** One item of a task on one host. */
export interface Item {
  readonly task: Task;
  readonly run: HostRun;
  readonly play: PlayRun;
  readonly ref: TaskRef;
  readonly scope: Scope;
  /** Position in the loop, 0 without one. */
  readonly index: number;
}

/** Runs one item: condition, binding, convergence, `until`, `failed_when` and `changed_when`. */
export async function runItem(item: Item): Promise<TaskEnd> {
  const { task, play } = item;
  if (task.timeoutMs === undefined) return attemptItem(item, play.deps.signal);
  const limit = AbortSignal.timeout(task.timeoutMs);
  try {
    return await attemptItem(item, AbortSignal.any([play.deps.signal, limit]));
  } catch (error) {
    if (!limit.aborted || play.deps.signal.aborted) throw error;
    const message = `the task did not finish within its timeout of ${showDuration(task.timeoutMs)}`;
    throw fault({ code: 'E_TIMEOUT', message, at: task.at }, error);
  }
}

async function attemptItem(item: Item, signal: AbortSignal): Promise<TaskEnd> {
  const { task, scope, play } = item;
  const blocked = task.when.find((condition) => !holds(condition, scope));
  if (blocked !== undefined) return skipItem(item, `when: ${blocked.text}`);
  const actor = await actorOf(item);
  const bound = await bindArgs(task, scope, { readFile: play.deps.readFile });
  const as = identityOf(task, actor, play.deps.specOf(actor.host), scope);
  const check = task.checkMode ?? play.request.options.check;
  const facts = actor.facts ?? fail('facts are read before a task is bound');
  const flight = historyOf(item.ref, play)?.flight.get(item.index);
  const doubtful = flight === undefined ? undefined : inDoubt(flight, task, play.request.options.run);
  if (doubtful !== undefined && play.deps.inDoubt !== 'redo') {
    return play.deps.inDoubt === 'skip' ? takenAsDone(doubtful) : end('failed', [doubtful]);
  }
  const neighbours = neighboursOf(item, as);
  const job: Job = {
    ref: item.ref,
    module: task.module,
    ...bound,
    facts,
    check,
    run: play.request.options.run,
    neighbours,
  };

  for (let attempt = 1; ; attempt += 1) {
    const context = stepContext(item, actor, as, signal, attempt);
    const ended = judged(item, await converge(job, () => ask(item, actor, job, as, signal), context));
    if (task.until === undefined || check || holds(task.until, withResult(scope, task, ended.result))) return ended;
    if (attempt > task.retries) return gaveUp(ended, task, attempt);
    await play.deps.clock.sleep(task.delayMs, signal);
    actor.prefetch.invalidate();
  }
}

/** A task that is left out cannot take along the reboot that was left to it. */
async function skipItem({ run }: Item, reason: string): Promise<TaskEnd> {
  const problems = await settleOwed({ owed: run.owed, leave: (owed) => (run.owed = owed) });
  return problems.length > 0 ? end('failed', problems) : skipped(reason);
}

function fail(message: string): never {
  throw new TypeError(message);
}

/** The end of an action in doubt that a person takes as done. */
function takenAsDone(doubtful: Problem): TaskEnd {
  return { ...end('ran', []), changed: true, message: `taken as done: ${doubtful.message}` };
}

/** The host that acts: the host itself, or the one delegated to. */
async function actorOf(item: Item): Promise<HostRun> {
  const { task, run, play, scope } = item;
  if (task.delegateTo === undefined) return run;
  const name = render(task.delegateTo, scope);
  const actor = typeof name === 'string' ? play.hostNamed(name) : undefined;
  if (actor === undefined) {
    const message = `delegate_to: no host named ${JSON.stringify(name)} in the inventory`;
    throw fault({ code: 'E_NAME', message, at: task.delegateTo.at });
  }
  await ensureConnected(actor, play.deps, play.play.gatherFacts);
  return actor;
}

async function ask(item: Item, actor: HostRun, job: Job, as: Identity, signal: AbortSignal): Promise<Answers> {
  const { task, run, play } = item;
  const thinking = { facts: job.facts, check: job.check, run: job.run };
  const questions = task.module.probe(job.want, thinking);
  const wish = { key: `${task.id}#${item.index}`, questions, as };
  // Another host's questions, or those of a loop's later items, are asked at their turn.
  const ahead = actor === run ? (count: number) => wishesAhead(task, run, play, count) : () => Promise.resolve([]);
  return actor.prefetch.answers(wish, ahead, signal);
}

function stepContext(item: Item, actor: HostRun, as: Identity, signal: AbortSignal, attempt: number): StepContext {
  const { task, run, play, ref } = item;
  const { deps, request } = play;
  const again = attempt === 1 ? '' : `.${attempt}`;
  return {
    session: actor.session,
    as,
    emit: deps.emit,
    clock: deps.clock,
    signal,
    ref,
    flight: historyOf(ref, play)?.flight.get(item.index),
    guard: actor.guard,
    environment: environmentOf(task, item.scope),
    deadlineMs: task.timeoutMs ?? 600_000,
    stepName: (index) =>
      `copse-${request.options.run}-${run.host.name}-${task.id}.${ref.turn}.${item.index}-${index}${again}`.replaceAll(
        /[^A-Za-z0-9._-]/g,
        '_',
      ),
    onChange: () => actor.prefetch.invalidate(),
    onReboot: () => {
      actor.reboots += 1;
      forgetFacts(actor);
    },
  };
}

/** The end of a task with its result, after `failed_when` and `changed_when` had their say. */
function judged(item: Item, got: Converged): TaskEnd {
  const { task, scope } = item;
  const failed = got.status === 'failed';
  const msg = got.problems.map((problem) => problem.message).join('; ');
  let result: Record<string, Value> = {
    ...got.result,
    changed: got.changed,
    failed,
    skipped: false,
    diff: got.diff.map(({ label, before, after }) => ({ label, before, after })),
  };
  if (failed && result['msg'] === undefined) result['msg'] = msg;
  let ended: TaskEnd = { ...got, result };
  if (task.changedWhen !== undefined) {
    const changed = task.changedWhen.every((condition) => holds(condition, withResult(scope, task, result)));
    result = { ...result, changed };
    ended = { ...ended, changed, result, status: failed ? 'failed' : relabelled(got.status, changed) };
  }
  if (task.failedWhen !== undefined) {
    const bad = task.failedWhen.every((condition) => holds(condition, withResult(scope, task, result)));
    ended = bad ? failedBy(ended, task) : pardoned(ended, got);
  }
  return ended;
}

function relabelled(status: Converged['status'], changed: boolean): TaskEnd['status'] {
  if (status === 'ran') return 'ran';
  return changed ? 'changed' : 'ok';
}

function failedBy(ended: TaskEnd, task: Task): TaskEnd {
  const text = (task.failedWhen ?? []).map((condition) => condition.text).join(' && ');
  const problems =
    ended.problems.length > 0
      ? ended.problems
      : [{ code: 'E_COMMAND' as const, message: `failed_when holds: ${text}` }];
  return { ...ended, status: 'failed', problems, result: { ...ended.result, failed: true } };
}

function pardoned(ended: TaskEnd, got: Converged): TaskEnd {
  if (got.status !== 'failed') return ended;
  const result = { ...ended.result, failed: false };
  return { ...ended, status: ended.changed ? 'changed' : 'ok', problems: [], result };
}

function gaveUp(ended: TaskEnd, task: Task, attempts: number): TaskEnd {
  const message = `until did not become true in ${attempts} tries: ${task.until?.text ?? ''}`;
  const problems = [...ended.problems, { code: 'E_TIMEOUT' as const, message }];
  return { ...ended, status: 'failed', problems, result: { ...ended.result, failed: true, attempts } };
}
