import type { Problem } from '../../core/problem.ts';
import type { Step } from '../../core/step.ts';

/** What stands between the plans and the steps of a host while it is in a guarded block. */
export interface StepGuard {
  /** Told each plan before anything of it is sent, also under `--check`; why its steps cannot be guarded here. */
  foresee(steps: readonly Step[], check: boolean): Promise<readonly Problem[]>;
  /** Makes the host able to undo this step. Throws a Fault when it is not, and then the step must not be sent. */
  before(step: Step): Promise<void>;
  /** Lets the time run anew, over a connection that works; nothing where no window is open. Never throws but for an interrupt. */
  renew(): Promise<void>;
  /** Does work that may take longer than the window, and keeps it open meanwhile. */
  during<T>(work: () => Promise<T>): Promise<T>;
  /** The tasks of the block are asked again although an earlier copse did them: the host undid them since. */
  readonly forgets: boolean;
}

/** What a host says of its guard. */
export interface Seen {
  readonly state: 'none' | 'armed' | 'confirmed' | 'undoing' | 'undone' | 'away';
  /** What could not be undone; or why the host was not reached. */
  readonly said: readonly string[];
  /** Logging in or becoming root was refused, and not only the connection. */
  readonly refused: boolean;
  /** The connection broke in the middle: the host may have been told. */
  readonly unclear: boolean;
}
