import type { Clock } from '../core/clock.ts';
import type { Emit } from '../core/events.ts';
import type { RunHistory } from '../core/history.ts';
import type { HostSpec } from '../core/target.ts';
import type { Vars } from '../core/value.ts';
import type { Host, Inventory } from '../inventory/types.ts';
import type { Playbook } from '../playbook/types.ts';
import type { HostSession } from '../session/session.ts';

/** What the person asked for on the command line. */
export interface RunOptions {
  readonly run: string;
  readonly version: string;
  readonly check: boolean;
  readonly diff: boolean;
  readonly limit: string | undefined;
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  /** Hosts that act at the same time. */
  readonly forks: number;
  readonly extraVars: Vars;
  readonly startAtTask: string | undefined;
}

/** What `--step` may answer before a task. */
export type StepAnswer = 'yes' | 'no' | 'all';

/** Everything the engine needs from outside; nothing of it is global. */
export interface EngineDeps {
  readonly openSession: (host: Host) => HostSession;
  /** How a host is reached and who is become there: inventory and command line together. */
  readonly specOf: (host: Host) => HostSpec;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Reads a controller's file that a task names. */
  readonly readFile: (path: string) => Promise<{ readonly bytes: Uint8Array; readonly mode: string }>;
  /** Asks before each task (`--step`); absent means yes. */
  readonly confirm?: (task: string) => Promise<StepAnswer>;
  /** What the run's journal knows, when an interrupted run goes on. */
  readonly history?: RunHistory;
  /** What to do with an action that was sent and whose outcome nobody knows. */
  readonly inDoubt?: 'fail' | 'redo' | 'skip';
  /** Answers of `vars_prompt`, by play index. */
  readonly prompted: (play: number) => Promise<Vars>;
}

/** One run: what, where, how. */
export interface RunRequest {
  readonly playbook: Playbook;
  readonly inventory: Inventory;
  readonly options: RunOptions;
}
