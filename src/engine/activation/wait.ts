import { Fault } from '../../core/problem.ts';
import type { RebootStep } from '../../core/step.ts';
import { showDuration } from '../../core/units.ts';
import type { StepContext } from '../step-context.ts';
import { hasRebooted } from './classify.ts';
import { wasSentQuestion } from './commit.ts';
import { nextDeployment, readHostState, type HostState } from './observe.ts';
import type { Journey, Outcome } from './outcome.ts';

/** One try to reach a host that is rebooting may take this long: one that vanishes in the middle of it costs no more. */
const TRY_MS = 15_000;
/** A host that lets us in and is too slow to answer is given more time with each try, as long as no sleeping laptop is seen in it. */
const LONGEST_TRY_MS = 45_000;
/** A host that is down is tried often: its first second counts, and a refused connection costs nothing. */
const POLL_MS = 400;
/** A command that has not left its mark so long after it was sent was lost with its link. */
const UNTOLD_MS = 10_000;

/**
 * Polls over fresh connections until the machine that answers was booted since; an outcome when a deadline passes first. Time that
 * copse itself slept through is not held against the host.
 */
export async function waitForBoot(
  step: RebootStep,
  journey: Journey,
  name: string,
  context: StepContext,
): Promise<HostState | Outcome> {
  const { clock, signal } = context;
  let started = clock.elapsed();
  let wasDown = false;
  let last = '';
  let nextTryMs: number | undefined;
  for (;;) {
    const before = clock.elapsed();
    await clock.sleep(POLL_MS, signal);
    const seen = await look(context, nextTryMs);
    nextTryMs = seen.nextTryMs;
    started += asleepMs(clock.elapsed() - before);
    const waitedMs = clock.elapsed() - started;
    if (seen.state !== undefined) {
      if (hasRebooted(journey, seen.state)) return seen.state;
      if (waitedMs > UNTOLD_MS && !(await wasTold(name, context))) return { result: 'not_sent' };
      if (waitedMs > step.downTimeoutMs) return didNotReboot(journey, seen.state, waitedMs, context);
    } else {
      wasDown = true;
      last = seen.reason;
      if (seen.fatal) return { result: 'not_ours', last };
      if (waitedMs > step.timeoutMs) return { result: 'never_returned', waitedMs, wasDown, last };
    }
  }
}

/** How long we were away ourselves, from how long one round took: no round takes a minute unless the laptop slept. */
export function asleepMs(roundMs: number): number {
  return roundMs > 60_000 ? roundMs : 0;
}

async function didNotReboot(
  journey: Journey,
  { ostree }: HostState,
  waitedMs: number,
  context: StepContext,
): Promise<Outcome> {
  const isSet = journey.expected !== journey.from && nextDeployment(ostree)?.id === journey.expected;
  const question = { argv: ['systemctl', 'list-jobs', '--no-legend', '--no-pager'] } as const;
  const answers = await context.session.ask({ jobs: question }, context.as, context.signal);
  const jobs = (answers['jobs']?.code === 0 ? answers['jobs'].stdout : '')
    .split('\n')
    .flatMap((line) => line.trim().split(/\s+/)[1] ?? []);
  return { result: 'did_not_reboot', waitedMs, isSet, jobs: jobs.join(', ') };
}

/** False only where the host says that the mark of the command is not there; a soft reboot keeps it, any other ends the question. */
async function wasTold(name: string, context: StepContext): Promise<boolean> {
  try {
    const answers = await context.session.ask({ told: wasSentQuestion(name) }, context.as, context.signal);
    return answers['told']?.code !== 1;
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof Fault) return true;
    throw error;
  }
}

/** What one try to look at a host gave. */
export interface Seen {
  readonly state: HostState | undefined;
  readonly reason: string;
  /** Trying again will not help: another machine, or keys that were changed. */
  readonly fatal: boolean;
  /** How long the next try may take. */
  readonly nextTryMs: number;
}

/** Looks at a host that may be away; what is not reached is told and not thrown, except when the person interrupts. */
export async function look(context: StepContext, tryMs = TRY_MS): Promise<Seen> {
  const attempt = AbortSignal.any([context.signal, AbortSignal.timeout(tryMs)]);
  try {
    const state = await readHostState({ ...context, signal: attempt });
    return { state, reason: '', fatal: false, nextTryMs: TRY_MS };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof Fault) && !attempt.aborted) throw error;
    await context.session.drop();
    const problem = error instanceof Fault ? error.problems[0] : undefined;
    return {
      state: undefined,
      reason: attempt.aborted ? `no answer within ${showDuration(tryMs)}` : (problem?.message ?? 'no answer'),
      fatal: problem?.code === 'E_HOSTKEY',
      nextTryMs: attempt.aborted ? Math.min(tryMs + TRY_MS, LONGEST_TRY_MS) : TRY_MS,
    };
  }
}
