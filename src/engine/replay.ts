import type { Event, TaskRef } from '../core/events.ts';
import type { InFlight, TaskHistory } from '../core/history.ts';
import type { Problem } from '../core/problem.ts';
import type { Task } from '../playbook/types.ts';
import type { PlayRun } from './play-run.ts';
import type { TaskEnd } from './task-end.ts';

type TaskEndEvent = Extract<Event, { type: 'task-end' }>;

/** What the journal of an earlier copse knows of this turn of a task; undefined in a fresh run. */
export function historyOf(ref: TaskRef, play: PlayRun): TaskHistory | undefined {
  const known = play.deps.history?.task(ref);
  const isForgotten = play.hosts.find(({ host }) => host.name === ref.host)?.guard?.forgets === true;
  return isForgotten ? undefined : known;
}

/**
 * The end a task (or item) had before the run was resumed, when it need not be done again. A state whose result held a secret is
 * asked again instead, because the journal has only `***` of it.
 */
export function endBefore(event: TaskEndEvent | undefined, task: Task): TaskEnd | undefined {
  if (event === undefined || (isUnfinished(event) && event.tolerated === undefined)) return undefined;
  // Its reboot was left to the next task: whether that came about is seen by asking again.
  if (event.owesReboot === true) return undefined;
  const masked = task.noLog || JSON.stringify(event.result).includes('***');
  if (masked && task.module.kind === 'state') return undefined;
  return {
    status: event.status,
    changed: event.result['changed'] === true,
    result: event.result,
    problems: event.problems,
    diff: [],
    message: undefined,
  };
}

/** How long a host may be away, in milliseconds, because a reboot of it was announced and nobody saw its end. */
export function patienceWith(history: TaskHistory | undefined): number {
  const flights = [...(history?.flight.values() ?? [])];
  return Math.max(0, ...flights.map(({ reboot }) => (reboot?.how === undefined ? 0 : reboot.how.timeoutMs)));
}

/** A task that had changed the host before the run was resumed has changed it, although nothing is left to do now. */
export function withChangeOfBefore(now: TaskEnd, event: TaskEndEvent | undefined): TaskEnd {
  if (event?.owesReboot !== true || event.status !== 'changed' || now.status !== 'ok') return now;
  return { ...now, status: 'changed', changed: true, result: { ...now.result, changed: true } };
}

function isUnfinished({ status }: TaskEndEvent): boolean {
  return status === 'failed' || status === 'unreachable' || status === 'aborted';
}

/** The problem of an action that was announced by an earlier copse, when nobody knows whether it ran. */
export function inDoubt(flight: InFlight, task: Task, run: string): Problem | undefined {
  const observable =
    task.module.kind === 'state' || flight.do === 'transaction' || flight.do === 'reboot' || flight.do === 'wait';
  if (observable) return undefined;
  return {
    code: 'E_LOST',
    message:
      flight.ended === undefined
        ? `"${flight.say}" was sent before copse was gone, and whether it ran is not known`
        : `"${flight.say}" ran to its end (exit ${flight.ended.code ?? '?'}), but copse was gone before its result was kept`,
    hint: `look at the host, then: copse resume ${run} --in-doubt redo (runs it again) or --in-doubt skip (takes it as done)`,
    at: task.at,
  };
}
