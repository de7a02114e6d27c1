import type { Json } from '../../core/json.ts';

/** Why a host runs the old deployment again. */
export type FallbackCause =
  /** ostree could not write the new deployment while the host went down. */
  | 'finalize'
  /** The new deployment was not healthy, and the host itself went back. */
  | 'greenboot'
  /** The host went down before ostree could write the deployment: power, or a forced reboot. */
  | 'power'
  /** The new deployment is there, and the boot loader started the old one. */
  | 'boot-loader';

/** Everything that can come of a reboot. */
export type Outcome =
  /** The wished deployment runs and is healthy; `expected` is empty on a host without deployments. */
  | { readonly result: 'updated' }
  | { readonly result: 'fell_back'; readonly cause: FallbackCause; readonly reason: string }
  /** Another deployment than the old and the wished one runs. */
  | { readonly result: 'foreign'; readonly runs: string }
  /** The new deployment waits still; `isSet` when the next reboot, whoever does it, boots it. */
  | { readonly result: 'did_not_reboot'; readonly waitedMs: number; readonly isSet: boolean; readonly jobs: string }
  | { readonly result: 'never_returned'; readonly waitedMs: number; readonly wasDown: boolean; readonly last: string }
  /** Another machine answers, or its keys were changed. */
  | { readonly result: 'not_ours'; readonly last: string }
  | { readonly result: 'unhealthy'; readonly reasons: readonly string[]; readonly waitedMs: number }
  /** Health could not be measured: neither proof nor evidence against the deployment. */
  | { readonly result: 'unknown'; readonly reasons: readonly string[]; readonly waitedMs: number }
  /** Nothing was sent: somebody holds a lock against shutting down. */
  | { readonly result: 'blocked' }
  /** Nothing was sent: another deployment than ours is first now. */
  | { readonly result: 'foreign_stage'; readonly found: string }
  /** Nothing was sent: this deployment failed on this host before. */
  | { readonly result: 'denied'; readonly reason: string }
  /** The link was lost before the command ran: its mark is not there, so that the host was not told. */
  | { readonly result: 'not_sent' }
  | { readonly result: 'refused'; readonly code: number; readonly said: string }
  | { readonly result: 'rolled_back'; readonly after: Outcome }
  | { readonly result: 'rollback_failed'; readonly after: Outcome; readonly rollback: Outcome };

/** What a reboot was about: ids of deployments, empty where there is none. */
export interface Journey {
  readonly from: string;
  readonly expected: string;
  readonly bootId: string;
  readonly softReboots: number;
  /** Units that had failed already; undefined when a resumed run does not know. */
  readonly failed: readonly string[] | undefined;
  /** Kernel arguments that are to be new. */
  readonly kargs: readonly string[];
}

/** An outcome as `register` holds it. */
export function outcomeResult(outcome: Outcome, journey: Journey): Readonly<Record<string, Json>> {
  return { ...plain(outcome), from: journey.from, expected: journey.expected };
}

function plain(outcome: Outcome): Record<string, Json> {
  // Outcomes hold texts, numbers, truth values and lists of texts only.
  return JSON.parse(JSON.stringify(outcome)) as Record<string, Json>;
}
