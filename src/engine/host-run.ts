import type { HostStatus, Recap, TaskStatus } from '../core/events.ts';
import type { Facts } from '../core/facts.ts';
import type { Value } from '../core/value.ts';
import type { Host } from '../inventory/types.ts';
import type { HostSession } from '../session/session.ts';
import type { StepGuard } from './guard/types.ts';
import type { Owed } from './owed.ts';
import { createPrefetch, type Prefetch } from './prefetch.ts';

/** All the engine remembers of one host during one run. */
export interface HostRun {
  readonly host: Host;
  readonly session: HostSession;
  readonly prefetch: Prefetch;
  facts: Facts | undefined;
  readonly registered: Record<string, Value>;
  /** Handlers that were notified and have not run yet, by task id. */
  readonly notified: Map<string, string>;
  /** How often each task has begun, by play and task id. */
  readonly turns: Map<string, number>;
  readonly counts: Record<TaskStatus | 'rescued' | 'ignored', number>;
  status: HostStatus;
  /** In check mode: a change is pending that the real run would have made. */
  provisional: boolean;
  connected: boolean;
  /** The reboot that a task left to the one after it. */
  owed: Owed | undefined;
  reboots: number;
  /** The guarded block the host is in. */
  guard: StepGuard | undefined;
  ms: number;
}

/** A host at the start of a run. */
export function createHostRun(host: Host, session: HostSession): HostRun {
  return {
    host,
    session,
    prefetch: createPrefetch(session),
    facts: undefined,
    registered: {},
    notified: new Map(),
    turns: new Map(),
    counts: { ok: 0, changed: 0, ran: 0, skipped: 0, failed: 0, unreachable: 0, aborted: 0, rescued: 0, ignored: 0 },
    status: 'not_run',
    provisional: false,
    connected: false,
    owed: undefined,
    reboots: 0,
    guard: undefined,
    ms: 0,
  };
}

/** True for a host that can go on with the next task. */
export function isAlive(run: HostRun): boolean {
  return run.status === 'not_run' || run.status === 'ok' || run.status === 'changed';
}

/** The line of a host in the recap. */
export function recapOf(run: HostRun): Recap {
  return {
    host: run.host.name,
    status: run.status,
    counts: { ...run.counts },
    ms: Math.round(run.ms),
    owed: [...run.notified.values(), ...(run.owed === undefined ? [] : [`the reboot of "${run.owed.task}"`])],
    reboots: run.reboots,
  };
}
