import type { TaskStatus } from '../core/events.ts';
import type { Diff } from '../core/module.ts';
import { Fault, type Problem } from '../core/problem.ts';
import type { Value } from '../core/value.ts';

/** How a task (or one item of its loop) ended on a host, before it is registered and reported. */
export interface TaskEnd {
  readonly status: TaskStatus;
  readonly changed: boolean;
  readonly result: Readonly<Record<string, Value>>;
  readonly problems: readonly Problem[];
  readonly diff: readonly Diff[];
  readonly message: string | undefined;
  /** The reboot is left to the next task. */
  readonly owesReboot?: true;
}

const UNREACHABLE: ReadonlySet<string> = new Set(['E_CONNECT', 'E_AUTH', 'E_HOSTKEY', 'E_LOST']);

/** The end of a task that something was thrown in. The one place where trouble with a host becomes a result; bugs are thrown on. */
export function endOfThrown(error: unknown, signal: AbortSignal): TaskEnd {
  if (!(error instanceof Fault)) {
    if (!signal.aborted) throw error;
    return end('aborted', [{ code: 'E_ABORTED', message: 'interrupted' }]);
  }
  const code = error.problems[0]?.code ?? '';
  if (signal.aborted || code === 'E_ABORTED') return end('aborted', error.problems);
  return end(UNREACHABLE.has(code) ? 'unreachable' : 'failed', error.problems);
}

/** The end of a task that found no way to its host: one that keeps us waiting for the login or the facts is as good as away. */
export function endOfConnecting(error: unknown, signal: AbortSignal): TaskEnd {
  const ended = endOfThrown(error, signal);
  const isLate = ended.status === 'failed' && ended.problems[0]?.code === 'E_TIMEOUT';
  return isLate ? end('unreachable', ended.problems) : ended;
}

/** A task that did not run because its condition was false. */
export function skipped(reason: string): TaskEnd {
  return { ...end('skipped', []), result: { changed: false, failed: false, skipped: true, skip_reason: reason } };
}

/** An end from its status and problems alone, with the result that expressions see. */
export function end(status: TaskStatus, problems: readonly Problem[]): TaskEnd {
  const failed = status === 'failed' || status === 'unreachable' || status === 'aborted';
  const msg = problems.map((problem) => problem.message).join('; ');
  const result = { changed: false, failed, skipped: status === 'skipped', ...(failed ? { msg } : {}) };
  return { status, changed: false, result, problems, diff: [], message: undefined };
}

/** True when the host cannot go on with the next task unless somebody tolerates it. */
export function isBad(one: { readonly status: TaskStatus }): boolean {
  return one.status === 'failed' || one.status === 'unreachable' || one.status === 'aborted';
}

/** One end of the ends of a loop's items. */
export function endOfItems(items: readonly TaskEnd[]): TaskEnd {
  const worst = (['aborted', 'unreachable', 'failed', 'changed', 'ran', 'ok'] as const).find((status) =>
    items.some((item) => item.status === status),
  );
  const status = worst ?? 'skipped';
  const failed = items.some(isBad);
  const changed = items.some((item) => item.changed);
  const base = { changed, failed, skipped: status === 'skipped', results: items.map((item) => item.result) };
  const problems = items.flatMap((item) => item.problems);
  const msg = problems.map((problem) => problem.message).join('; ');
  return {
    status,
    changed,
    result: failed ? { ...base, msg } : base,
    problems,
    diff: items.flatMap((item) => item.diff),
    message: undefined,
  };
}
