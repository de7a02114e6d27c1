import { Fault, type Problem } from '../../core/problem.ts';
import type { RebootStep } from '../../core/step.ts';
import { showDuration } from '../../core/units.ts';
import type { StepContext } from '../step.ts';
import { readBootState, type BootState } from './observe.ts';

/** One try to reach a host that is rebooting may take this long. */
const TRY_MS = 15_000;
const POLL_MS = 1000;

/** Polls over fresh connections until a boot id other than the old one answers; a problem when a deadline passes first. */
export async function waitForBoot(
  step: RebootStep,
  oldBootId: string,
  context: StepContext,
): Promise<BootState | Problem> {
  const { clock, signal } = context;
  const started = clock.elapsed();
  let seenDown = false;
  let last = '';
  for (;;) {
    await clock.sleep(POLL_MS, signal);
    const waited = clock.elapsed() - started;
    const seen = await tryBootState(context);
    if (seen.state !== undefined && seen.state.bootId !== oldBootId) return seen.state;
    if (seen.state === undefined) {
      seenDown = true;
      last = seen.reason;
      if (seen.fatal)
        return {
          code: 'E_REBOOT',
          message: `the host is back, but: ${last}`,
          hint: 'compare its console with what you expect; it was not touched again',
        };
    } else if (waited > step.downTimeoutMs) return didNotReboot(waited);
    if (waited > step.timeoutMs) return neverReturned(waited, seenDown, last);
  }
}

function didNotReboot(waited: number): Problem {
  return {
    code: 'E_REBOOT',
    message: `the host did not reboot: the boot id is the same ${showDuration(waited)} after the reboot was sent`,
    hint: 'a unit may block the shutdown: "systemctl list-jobs" on the host shows it; copse sends no second reboot by itself',
  };
}

function neverReturned(waited: number, seenDown: boolean, last: string): Problem {
  return {
    code: 'E_REBOOT',
    message: `the host ${seenDown ? 'went down and' : ''} did not come back within ${showDuration(waited)}; last try: ${last}`,
    hint: 'look at its console; when it answers again, run the playbook again: what is already done is not repeated',
  };
}

interface Seen {
  readonly state: BootState | undefined;
  readonly reason: string;
  /** Trying again will not help: another machine, or keys that were changed. */
  readonly fatal: boolean;
}

async function tryBootState(context: StepContext): Promise<Seen> {
  const attempt = AbortSignal.any([context.signal, AbortSignal.timeout(TRY_MS)]);
  try {
    return { state: await readBootState({ ...context, signal: attempt }), reason: '', fatal: false };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof Fault) && !attempt.aborted) throw error;
    await context.session.drop();
    const problem = error instanceof Fault ? error.problems[0] : undefined;
    return { state: undefined, reason: problem?.message ?? 'no answer', fatal: problem?.code === 'E_HOSTKEY' };
  }
}

/** Waits until the step's readiness question answers 0. */
export async function waitReady(step: RebootStep, context: StepContext): Promise<Problem | undefined> {
  if (step.ready === undefined) return undefined;
  const deadline = context.clock.elapsed() + step.timeoutMs;
  for (;;) {
    const answers = await context.session.ask({ ready: step.ready }, context.as, context.signal);
    const ready = answers['ready'];
    if (ready?.code === 0) return undefined;
    if (context.clock.elapsed() > deadline) {
      const message = `the host is back, but not ready: the readiness command ended with exit ${ready?.code ?? '?'}`;
      return { code: 'E_REBOOT', message, hint: 'log in and look at the failed units' };
    }
    await context.clock.sleep(POLL_MS, context.signal);
  }
}
