import type { Diff } from './module.ts';
import type { Json } from './json.ts';
import type { Problem } from './problem.ts';
import type { RebootStep } from './step.ts';

/** How a task ended on one host. `ran` is an action that happened; `ok` and `changed` are verified states. */
export type TaskStatus = 'ok' | 'changed' | 'ran' | 'skipped' | 'failed' | 'unreachable' | 'aborted';

/** How a host ended. `not_run` is a host that was never begun because the run stopped before. */
export type HostStatus = 'ok' | 'changed' | 'failed' | 'unreachable' | 'aborted' | 'not_run';

/** Identifies a task on a host; `item` is set inside a loop. */
export interface TaskRef {
  readonly play: number;
  readonly host: string;
  /** Stable over runs of the same playbook: `1.3`, `1.4.2` in a block, `1.h1` for a handler. */
  readonly task: string;
  readonly name: string;
  readonly module: string;
  /** How often this task had begun on this host before: 0, and more only in a loop over a block or for a handler. */
  readonly turn: number;
  /** Label of the loop's item. */
  readonly item?: string;
  /** Position of the item in the loop. */
  readonly at?: number;
}

/** Counts over one host or over all. */
export interface Recap {
  readonly host: string;
  readonly status: HostStatus;
  readonly counts: Readonly<Record<TaskStatus | 'rescued' | 'ignored', number>>;
  readonly ms: number;
  /** Notified handlers that could not run. */
  readonly owed: readonly string[];
  readonly reboots: number;
}

/**
 * Everything that happens, in one union. Consumers (journal, terminal, JSON lines, JUnit, HTML) cannot reach back. Each emit is awaited:
 * `step-start` is on disk before the step is sent.
 */
export type Event =
  | {
      readonly type: 'run-start';
      readonly run: string;
      readonly at: string;
      readonly version: string;
      readonly playbooks: readonly string[];
      readonly hosts: readonly string[];
      readonly check: boolean;
      readonly forks: number;
    }
  | {
      readonly type: 'play-start';
      readonly play: number;
      readonly name: string;
      readonly hosts: readonly string[];
      readonly tasks: number;
    }
  | { readonly type: 'host-start'; readonly play: number; readonly host: string }
  | { readonly type: 'host-connected'; readonly host: string; readonly ms: number; readonly detail: string }
  | { readonly type: 'task-start'; readonly ref: TaskRef }
  | {
      readonly type: 'task-plan';
      readonly ref: TaskRef;
      readonly steps: readonly string[];
      readonly notes: readonly string[];
    }
  | {
      readonly type: 'step-start';
      readonly ref: TaskRef;
      readonly step: number;
      readonly do: string;
      readonly say: string;
      readonly name: string;
    }
  | { readonly type: 'step-output'; readonly ref: TaskRef; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | {
      readonly type: 'step-end';
      readonly ref: TaskRef;
      readonly step: number;
      readonly changed: boolean;
      readonly code: number | null;
      readonly ms: number;
    }
  | { readonly type: 'note'; readonly host: string; readonly text: string; readonly ref?: TaskRef }
  | {
      readonly type: 'task-end';
      readonly ref: TaskRef;
      readonly status: TaskStatus;
      readonly ms: number;
      readonly diff: readonly Diff[];
      readonly result: Readonly<Record<string, Json>>;
      readonly problems: readonly Problem[];
      /** The failure was ignored (`ignore_errors`) or caught by a `rescue`. */
      readonly tolerated?: 'ignored' | 'rescued';
      /** In plan mode: an earlier change of this run is pending, so the real run may find something else. */
      readonly provisional?: boolean;
      /** A `debug` message, to be shown even without `-v`. */
      readonly message?: string;
      /** The task was done before the run was resumed; nothing was asked or sent now. */
      readonly replayed?: true;
      /** Its reboot is left to the task that follows. */
      readonly owesReboot?: true;
    }
  | {
      readonly type: 'host-end';
      readonly play: number;
      readonly host: string;
      readonly status: HostStatus;
      readonly ms: number;
    }
  | { readonly type: 'play-end'; readonly play: number; readonly stopped?: string }
  /** A run goes on after copse was gone; events of before are in the journal. */
  | {
      readonly type: 'run-resume';
      readonly run: string;
      readonly version: string;
      readonly hosts: readonly string[];
    }
  /** A reboot is about to be sent: what identified the host before, and which deployment is to run after. On disk first. */
  | {
      readonly type: 'reboot-intent';
      readonly ref: TaskRef;
      readonly step: number;
      readonly bootId: string;
      /** Ids of the deployment that runs and of the one that is to run; empty where there is none. */
      readonly from: string;
      readonly expected: string;
      /** Units that had failed already. */
      readonly failed?: readonly string[];
      /** Kernel arguments that are to be new. */
      readonly kargs?: readonly string[];
      /** How often userspace alone had been rebooted. */
      readonly softReboots?: number;
      /** The deployment of before is to run again, because the new one was not healthy. */
      readonly rollback?: true;
      /** The step itself, so that a resumed run proves what was to be proven. */
      readonly how?: RebootStep;
    }
  /**
   * The window of a guarded block: about to be opened on the host, open, about to be closed, and how it ended. `arming`, `confirming` and
   * `undoing` are on disk before the host is told.
   */
  | {
      readonly type: 'guard';
      readonly ref: TaskRef;
      readonly state: 'arming' | 'armed' | 'confirming' | 'confirmed' | 'undoing' | 'undone' | 'gone';
      /** The time the host waits, in milliseconds. */
      readonly withinMs: number;
    }
  | {
      readonly type: 'run-end';
      readonly run: string;
      readonly ms: number;
      readonly status: number;
      readonly recap: readonly Recap[];
    };

/** Sends an event to all consumers; resolves when each has taken it. Rejects only when the journal cannot write. */
export type Emit = (event: Event) => Promise<void>;
