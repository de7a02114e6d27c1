import type { Event, TaskRef } from './events.ts';

type TaskEndEvent = Extract<Event, { type: 'task-end' }>;
type GuardEvent = Extract<Event, { type: 'guard' }>;
type RebootIntent = Extract<Event, { type: 'reboot-intent' }>;

/** The last step that was announced of a task that has no end. */
export interface InFlight {
  readonly step: number;
  readonly do: string;
  readonly name: string;
  readonly say: string;
  /** Exit code of a step that ended; undefined when not even that is known. */
  readonly ended: { readonly code: number | null } | undefined;
  readonly reboot: RebootIntent | undefined;
  /** The deployment of before was to be booted again; `reboot` is the reboot that came first. */
  readonly rollback: RebootIntent | undefined;
}

/** What a journal knows of one turn of one task on one host. */
export interface TaskHistory {
  readonly end: TaskEndEvent | undefined;
  /** Ends of a loop's items by position. */
  readonly items: ReadonlyMap<number, TaskEndEvent>;
  /** The step in flight, by position of the item (0 without a loop). */
  readonly flight: ReadonlyMap<number, InFlight>;
  /** What was last known of a guarded block's window. */
  readonly guard: GuardEvent['state'] | undefined;
}

/** What a journal knows of a run. */
export interface RunHistory {
  readonly start: Extract<Event, { type: 'run-start' }> | undefined;
  readonly end: Extract<Event, { type: 'run-end' }> | undefined;
  readonly epoch: number;
  task(ref: Pick<TaskRef, 'play' | 'host' | 'task' | 'turn'>): TaskHistory | undefined;
}
