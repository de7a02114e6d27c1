import type { Paint } from './paint.ts';

/** How much is told. 0: what changed and what went wrong; 1: every task; 2: steps and connections; 3: output of commands as it comes. */
export type Verbosity = 0 | 1 | 2 | 3;

/** What the lines of a run depend on beside its events. */
export interface LineOptions {
  readonly paint: Paint;
  readonly verbosity: Verbosity;
  /** Width of the host column. */
  readonly hostWidth: number;
  /** True once a run-start said so. */
  readonly check: boolean;
  /** Output of commands is what was asked for (`copse exec`): shown as it comes, whatever the verbosity. */
  readonly showOutput: boolean;
}

/** `1 host`, `12 hosts`. */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
