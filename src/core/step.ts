import type { Bytes } from './bytes.ts';
import type { Command } from './command.ts';
import type { Json } from './json.ts';
import type { MaybeSecret } from './secret.ts';

/** What every step says of itself. */
interface StepBase {
  /** One line a person reads, in the imperative: `install tmux, nmap`. */
  readonly say: string;
  /** What this step destroys, in the words `allow_destroy` must name (a device, a volume, a path); refused at plan time otherwise. */
  readonly destroys?: readonly string[];
  /** Paths that the step changes, makes or removes; a guard keeps copies of them. The path of a `put` need not be named. */
  readonly touches?: readonly string[];
  /** Applied even when a step before it failed: gives back what an earlier step took. Its own failure is only told. */
  readonly always?: true;
}

/** A short command. Exit codes in `okCodes` (default 0) are success; those in `unchangedCodes` are success without a change. */
export interface RunStep extends StepBase {
  readonly do: 'run';
  readonly command: Command;
  readonly okCodes?: readonly number[];
  readonly unchangedCodes?: readonly number[];
  /** Turns a failure into a problem with a reason and a next step; undefined keeps the general one. Pure. */
  readonly explain?: Explain;
}

/** A long command that runs detached from the connection, survives its loss and is attached to again by name. */
export interface TransactionStep extends StepBase {
  readonly do: 'transaction';
  readonly command: Command;
  readonly okCodes?: readonly number[];
  readonly unchangedCodes?: readonly number[];
  /** Asked until it answers 0 before the command is sent: somebody else's transaction is waited for, never cancelled. */
  readonly waitIdle?: { readonly question: Command; readonly deadlineMs: number; readonly say: string };
  readonly explain?: Explain;
  /** A failure is told and not final: the module plans again from what is then. */
  readonly optional?: true;
}

/** Writes a file whole: temporary name in the same folder, fsync, rename, checksum verified. */
export interface PutStep extends StepBase {
  readonly do: 'put';
  readonly path: string;
  readonly content: Bytes | MaybeSecret;
  /** Octal text such as `0644`; the existing file's mode (0644 for a new one) when absent. */
  readonly mode?: string;
  readonly owner?: string;
  readonly group?: string;
  /** Keeps the former content beside it under this suffix. */
  readonly backupSuffix?: string;
}

/** Asks a read-only question until it answers 0. */
export interface WaitStep extends StepBase {
  readonly do: 'wait';
  readonly until: Command;
  readonly everyMs: number;
  readonly deadlineMs: number;
  readonly explain?: Explain;
}

/** Reboots the host once and proves it: new boot id, and the deployment that was to boot next really booted. */
export interface RebootStep extends StepBase {
  readonly do: 'reboot';
  readonly timeoutMs: number;
  /** How long the host may take to go away. */
  readonly downTimeoutMs: number;
  /** The command that reboots; `systemctl reboot` when absent. */
  readonly command?: Command;
  /** Asked once the host is back until it answers 0; the reboot counts as done only then. */
  readonly ready?: Command;
  /**
   * The reboot is there to boot a deployment that waits. Such a reboot may be left to a neighbouring task. Without an id the module
   * is asked again before the reboot, and must give the id of the deployment that holds its wish.
   */
  readonly activates?: { readonly id?: string; readonly unlock?: UnlockBy };
  readonly health?: HealthWish;
  /** Boots the deployment of before again when the new one is not healthy. */
  readonly rollback?: true;
  /** Boots a deployment even if it failed on this host before. */
  readonly retryDenied?: true;
}

/** A staged deployment whose finalization we locked: the checksum of its base; undefined where the tool goes by another one. */
export interface UnlockBy {
  readonly checksum: string | undefined;
  /** Whose lock it is; rpm-ostree's when absent. */
  readonly tool?: 'ostree';
}

/** What must hold after a boot, and for how long. */
export interface HealthWish {
  /** Read-only commands that must end with 0. */
  readonly commands: readonly Command[];
  /** Consecutive successes must span at least this long. */
  readonly minHealthyMs: number;
  readonly everyMs: number;
  /** From the first answer after the boot; what is not healthy then has failed. */
  readonly deadlineMs: number;
  /** What a unit means that failed at this boot and had not failed before. */
  readonly failedUnits: 'fail' | 'warn';
}

/** The few kinds of step there are; a new kind is a member here and one case in `engine/step.ts`. */
export type Step = RunStep | TransactionStep | PutStep | WaitStep | RebootStep;

/** Classifies a failed command from its exit code and outputs. */
export type Explain = (failed: {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}) =>
  { readonly message: string; readonly hint?: string; readonly code?: import('./codes.ts').ProblemCode } | undefined;

/** What came of one applied step. */
export interface StepResult {
  readonly step: Step;
  readonly changed: boolean;
  /** Exit code where a command ran. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What came of a reboot, for `register`: see docs/activation.md. */
  readonly outcome?: Readonly<Record<string, Json>>;
}
