import { Fault } from '../../core/problem.ts';
import type { HealthWish, RebootStep } from '../../core/step.ts';
import type { StepContext } from '../step-context.ts';
import { fallback, fitnessOf, whatRuns } from './classify.ts';
import { readEvidence } from './evidence.ts';
import type { HostState } from './observe.ts';
import type { Journey, Outcome } from './outcome.ts';
import { asleepMs, look } from './wait.ts';
import { addSample, NO_WINDOW, type Sample } from './window.ts';

/** What is asked of a host that was told nothing else: that it finished booting, once. */
const PLAIN: HealthWish = {
  commands: [],
  minHealthyMs: 0,
  everyMs: 1000,
  deadlineMs: 600_000,
  failedUnits: 'fail',
};

/**
 * Proves a boot: the deployment that was to run runs, in one boot without a break, and the host is healthy for as long as was
 * asked. A host that boots again meanwhile (greenboot does, up to three times) begins anew.
 */
export async function prove(
  step: RebootStep,
  journey: Journey,
  first: HostState,
  context: StepContext,
): Promise<Outcome> {
  const { clock, signal } = context;
  const health = step.health ?? PLAIN;
  let started = clock.elapsed();
  let window = NO_WINDOW;
  let seen: HostState | undefined = first;
  let nextTryMs: number | undefined;
  let away = started;
  for (;;) {
    // That it could be asked proves that one can log in since the boot.
    if (seen !== undefined) await context.guard?.renew();
    const looked: Judged | Outcome | undefined =
      seen === undefined ? undefined : await unlessLost(judge(seen, step, health, journey, context), context);
    if (looked !== undefined && 'result' in looked) return looked;
    const now = clock.elapsed();
    const judged: Judged = looked ?? {
      verdict: 'unknown',
      boot: window.boot,
      reasons: ['it does not answer'],
      notes: [],
    };
    const added = addSample(window, { at: now, boot: judged.boot, verdict: judged.verdict }, health);
    window = added.window;
    if (added.verdict === 'healthy') return tellNotes(judged.notes, context);
    const waitedMs = now - started;
    if (added.verdict === 'unhealthy') return { result: 'unhealthy', reasons: judged.reasons, waitedMs };
    const isAway = looked === undefined;
    if (!isAway) away = now;
    const deadline = isAway ? away + step.timeoutMs : started + health.deadlineMs;
    if (now > deadline) return late(judged, waitedMs, isAway);
    const pauseMs = pauseOf(health, judged.verdict);
    await clock.sleep(pauseMs, signal);
    const next = await look(context, nextTryMs);
    nextTryMs = next.nextTryMs;
    const asleep = asleepMs(clock.elapsed() - now - pauseMs);
    started += asleep;
    away += asleep;
    if (next.fatal) return { result: 'not_ours', last: next.reason };
    seen = next.state;
  }
}

/** Undefined where the host went away while it was asked. */
async function unlessLost<T>(judging: Promise<T>, context: StepContext): Promise<T | undefined> {
  try {
    return await judging;
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof Fault)) throw error;
    await context.session.drop();
    return undefined;
  }
}

interface Judged {
  readonly verdict: Sample['verdict'];
  readonly boot: string;
  readonly reasons: readonly string[];
  readonly notes: readonly string[];
}

async function judge(
  now: HostState,
  step: RebootStep,
  health: HealthWish,
  journey: Journey,
  context: StepContext,
): Promise<Judged | Outcome> {
  const runs = whatRuns(journey, now);
  if (runs === 'old') return fallback(journey, now, await readEvidence(context));
  if (runs === 'other') return { result: 'foreign', runs: now.ostree?.booted.id ?? '' };
  const boot = now.bootId;
  const { notYet, wrong, notes } = fitnessOf(journey, now, health.failedUnits, context.clock.now() / 1000);
  if (runs === 'unknown') return { verdict: 'unknown', boot, reasons: ['it does not tell its deployments'], notes };
  if (notYet.length > 0) return { verdict: 'not-yet', boot, reasons: notYet, notes };
  if (wrong.length > 0) return { verdict: 'fail', boot, reasons: wrong, notes };
  const failing = await failingChecks(step, health, context);
  return { verdict: failing.length > 0 ? 'not-yet' : 'pass', boot, reasons: failing, notes };
}

/** The wish's own checks: a service may need its time, so that they have until the deadline. */
async function failingChecks(step: RebootStep, health: HealthWish, context: StepContext): Promise<readonly string[]> {
  const commands = [...(step.ready === undefined ? [] : [step.ready]), ...health.commands];
  if (commands.length === 0) return [];
  const questions = Object.fromEntries(commands.map((command, index) => [`check ${index}`, command]));
  const answers = await context.session.ask(questions, context.as, context.signal);
  return commands.flatMap((command, index) => {
    const code = answers[`check ${index}`]?.code;
    if (code === 0) return [];
    const what =
      step.ready !== undefined && index === 0 ? 'not ready: the readiness command' : `"${command.argv.join(' ')}"`;
    return [`${what} ended with exit ${code ?? 'unknown'}`];
  });
}

/** What was not so in time: a host that is away, one that could not be asked, or one that is not well. */
function late({ verdict, reasons }: Judged, waitedMs: number, isAway: boolean): Outcome {
  if (isAway)
    return {
      result: 'never_returned',
      waitedMs,
      wasDown: true,
      last: 'it answered after the reboot, and went away again',
    };
  return verdict === 'unknown' ? { result: 'unknown', reasons, waitedMs } : { result: 'unhealthy', reasons, waitedMs };
}

/** A host that is only not ready yet is looked at often, whatever the interval of the checks. */
function pauseOf(health: HealthWish, verdict: Sample['verdict']): number {
  return verdict === 'pass' || verdict === 'fail' ? health.everyMs : Math.min(health.everyMs, 500);
}

async function tellNotes(notes: readonly string[], { emit, ref }: StepContext): Promise<Outcome> {
  for (const text of notes) await emit({ type: 'note', host: ref.host, ref, text });
  return { result: 'updated' };
}
