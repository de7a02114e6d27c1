import type { HostState } from './observe.ts';
import type { FallbackCause, Journey, Outcome } from './outcome.ts';

/** What a host that booted the old deployment tells of why; empty texts where it tells nothing. */
export interface Evidence {
  /** Errors of ostree-finalize-staged in the boot before. */
  readonly finalize: string;
  /** ostree-boot-complete failed in this boot, and what it said. */
  readonly bootComplete: string;
  /** ostree began to write the new deployment while the host went down; undefined where the journal does not reach back. */
  readonly wasWritten: boolean | undefined;
  /** What greenboot said of going back. */
  readonly greenboot: string;
}

/** True when the machine was booted since: a new kernel, or userspace alone. */
export function hasRebooted(journey: Pick<Journey, 'bootId' | 'softReboots'>, now: HostState): boolean {
  return now.bootId !== journey.bootId || now.softReboots > journey.softReboots;
}

/** Whether the deployment that was to run runs; `old` and `other` are told apart because only the first one is a fallback. */
export function whatRuns({ from, expected }: Journey, { ostree }: HostState): 'expected' | 'old' | 'other' | 'unknown' {
  if (expected === '') return 'expected';
  if (ostree === undefined || ostree.booted.id === '') return 'unknown';
  if (ostree.booted.id === expected) return 'expected';
  return ostree.booted.id === from ? 'old' : 'other';
}

/** Why the old deployment runs. What the host says of itself comes first; without it, the boot order tells. */
export function fallback(journey: Journey, now: HostState, evidence: Evidence): Outcome {
  const isThere = now.ostree?.deployments.some((one) => one.id === journey.expected) === true;
  const cause = causeOf(isThere, evidence);
  const reason = { finalize: evidence.finalize || evidence.bootComplete, greenboot: evidence.greenboot }[
    cause as 'finalize' | 'greenboot'
  ];
  return { result: 'fell_back', cause, reason: lastLine(reason ?? '') };
}

function causeOf(isThere: boolean, evidence: Evidence): FallbackCause {
  if (evidence.greenboot !== '') return 'greenboot';
  if (isThere) return 'boot-loader';
  if (evidence.finalize !== '' || evidence.bootComplete !== '') return 'finalize';
  return evidence.wasWritten === false ? 'power' : 'finalize';
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
}

/** What is wrong with a host that runs what it should: nothing at all, only not ready yet, or for certain. */
export interface Fitness {
  readonly notYet: readonly string[];
  readonly wrong: readonly string[];
  /** Worth telling, and no reason to doubt the boot. */
  readonly notes: readonly string[];
}

/** Judges what a host tells of itself; the wish's own commands are judged elsewhere. */
export function fitnessOf(
  journey: Journey,
  now: HostState,
  failedUnits: 'fail' | 'warn',
  controllerS: number,
): Fitness {
  const fresh =
    journey.failed === undefined ? [] : now.failed.filter((unit) => journey.failed?.includes(unit) !== true);
  const failed = fresh.length === 0 ? [] : [`units that failed at this boot: ${fresh.join(', ')}`];
  const missing = journey.kargs.filter((word) => !now.cmdline.includes(word));
  const skewS = now.clockS === 0 ? 0 : now.clockS - controllerS;
  const skew =
    Math.abs(skewS) > 300
      ? [`its clock is ${Math.round(Math.abs(skewS) / 60)} minutes ${skewS > 0 ? 'ahead' : 'behind'}`]
      : [];
  const starting = now.system === 'starting' || now.system === 'initializing';
  return {
    notYet: [
      ...(starting ? ['it is still starting'] : []),
      ...(now.complete === 'waiting' ? ['boot-complete.target is not reached'] : []),
    ],
    wrong: [
      ...(failedUnits === 'fail' ? failed : []),
      ...(missing.length === 0 ? [] : [`the kernel runs without: ${missing.join(' ')}`]),
    ],
    notes: [...(failedUnits === 'warn' ? failed : []), ...skew, ...now.full.map((mount) => `${mount} is nearly full`)],
  };
}
