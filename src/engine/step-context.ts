import type { Problem } from '../core/problem.ts';
import type { Emit, TaskRef } from '../core/events.ts';
import type { InFlight } from '../core/history.ts';
import type { Clock } from '../core/clock.ts';
import type { MaybeSecret } from '../core/secret.ts';
import type { StepResult } from '../core/step.ts';
import type { StepGuard } from './guard/types.ts';
import type { HostSession, Identity } from '../session/session.ts';

/** What applying a step needs to know of the task and the host. */
export interface StepContext {
  readonly session: HostSession;
  readonly as: Identity;
  readonly emit: Emit;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly ref: TaskRef;
  readonly environment: Readonly<Record<string, MaybeSecret>>;
  /** Deadline of a short command in milliseconds. */
  readonly deadlineMs: number;
  /** Unique and stable for a step of this run: the name a transaction is attached to by. */
  readonly stepName: (index: number) => string;
  /** Called before anything is sent that may change the host. */
  readonly onChange: () => void;
  readonly onReboot: () => void;
  /** A step of this task that an earlier copse announced, and whose outcome nobody knows. */
  readonly flight: InFlight | undefined;
  /** The guarded block the task stands in. */
  readonly guard: StepGuard | undefined;
}

/** A step's result, and the problem where it failed. */
export interface Applied {
  readonly result: StepResult;
  readonly problem: Problem | undefined;
}
