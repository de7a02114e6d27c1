import type { Answers } from '../../core/answer.ts';
import type { Json } from '../../core/json.ts';
import type { Problem } from '../../core/problem.ts';
import type { RebootStep } from '../../core/step.ts';
import { cmd } from '../../core/command.ts';
import { patiently } from '../patience.ts';
import type { StepContext } from '../step-context.ts';
import { hasRebooted } from './classify.ts';
import { commit, wasSentQuestion } from './commit.ts';
import { deniedBefore, deny, isEvidence } from './deny.ts';
import { nextDeployment, readHostState, wordsOf, type HostState } from './observe.ts';
import { outcomeResult, type Journey, type Outcome } from './outcome.ts';
import { prove } from './prove.ts';
import { putFirst, rollbackStep } from './rollback.ts';
import { problemOf } from './tell.ts';
import { waitForBoot } from './wait.ts';

/** What came of a reboot: the problem a person must act on, and the outcome for `register`. */
export interface Rebooted {
  readonly problem: Problem | undefined;
  readonly outcome: Readonly<Record<string, Json>>;
}

/** Reboots a host exactly once and proves it; goes back to the deployment of before where that was asked and is needed. */
export async function rebootHost(step: RebootStep, index: number, context: StepContext): Promise<Rebooted> {
  const { before, journey, obstacle } = await patiently(context, () => prepare(step, context));
  const told = (outcome: Outcome): Rebooted => tell(outcome, journey, before);
  if (obstacle !== undefined) return told(obstacle);
  await announce(step, index, journey, context);
  const notSent = await commit(step, journey, context.stepName(index), context);
  if (notSent !== undefined) return told(notSent);
  context.onReboot();
  return told(
    await settle(step, index, journey, await follow(step, journey, context.stepName(index), context), before, context),
  );
}

interface Prepared {
  readonly before: HostState;
  readonly journey: Journey;
  /** Why nothing is to be sent. */
  readonly obstacle: Outcome | undefined;
}

async function prepare(step: RebootStep, context: StepContext): Promise<Prepared> {
  const before = await readHostState(context);
  const expected = step.activates?.id ?? nextDeployment(before.ostree)?.id ?? '';
  const journey = await journeyOf(before, expected, context);
  return { before, journey, obstacle: await obstacleTo(step, expected, before, context) };
}

/** Why nothing is sent: somebody else's deployment is first by now, or ours failed on this host before. */
async function obstacleTo(
  step: RebootStep,
  expected: string,
  { ostree }: HostState,
  context: StepContext,
): Promise<Outcome | undefined> {
  if (ostree === undefined) return undefined;
  const [first] = ostree.deployments;
  const isOurs = step.activates?.id === undefined || first?.id === expected;
  if (!isOurs) return { result: 'foreign_stage', found: first?.id ?? '' };
  const target = ostree.deployments.find((one) => one.id === expected);
  if (target === undefined || step.retryDenied === true) return undefined;
  const reason = await deniedBefore(target, ostree.booted, context);
  return reason === undefined ? undefined : { result: 'denied', reason };
}

/**
 * Goes on with a reboot that an earlier copse announced: observes first, and sends nothing again. Undefined when it never was sent.
 */
export async function resumeReboot(context: StepContext): Promise<Rebooted | undefined> {
  const { flight } = context;
  const intent = flight?.reboot;
  if (flight === undefined || intent?.how === undefined) return undefined;
  const journey = journeyFrom(intent);
  const now = await patiently(context, () => readHostState(context));
  const step = intent.how;
  if (flight.rollback !== undefined) {
    const back = journeyFrom(flight.rollback);
    const sent = hasRebooted(back, now) || (await wasSent(`${flight.name}.back`, context));
    const rollback: Outcome = sent
      ? await follow(rollbackStep(step, back.expected), back, `${flight.name}.back`, context)
      : { result: 'refused', code: -1, said: 'copse was gone before it was sent' };
    return tell(
      ofRollback({ result: 'unhealthy', reasons: ['as an earlier copse found'], waitedMs: 0 }, rollback),
      journey,
      now,
    );
  }
  if (!hasRebooted(journey, now) && !(await wasSent(flight.name, context))) return undefined;
  context.onReboot();
  const outcome = await follow(step, journey, flight.name, context);
  return tell(await settle(step, flight.step, journey, outcome, now, context), journey, now);
}

async function journeyOf(before: HostState, expected: string, context: StepContext): Promise<Journey> {
  const from = before.ostree?.booted.id ?? '';
  const { bootId, softReboots, failed } = before;
  return { from, expected, bootId, softReboots, failed, kargs: await newKargs(before, from, expected, context) };
}

/** Kernel arguments of the next boot that the running kernel does not have; words the boot loader fills in are left out. */
async function newKargs(
  before: HostState,
  from: string,
  expected: string,
  context: StepContext,
): Promise<readonly string[]> {
  if (before.ostree?.tool !== 'rpm-ostree' || from === expected) return [];
  const answers = await context.session.ask({ kargs: cmd('rpm-ostree', 'kargs') }, context.as, context.signal);
  const next = answers['kargs']?.code === 0 ? wordsOf(answers['kargs'].stdout) : [];
  return next.filter((word) => !before.cmdline.includes(word) && !word.includes('$') && !word.startsWith('ostree='));
}

type Intent = Extract<Parameters<StepContext['emit']>[0], { type: 'reboot-intent' }>;

function journeyFrom({ from, expected, bootId, softReboots = 0, failed, kargs = [] }: Intent): Journey {
  return { from, expected, bootId, softReboots, failed, kargs };
}

async function announce(
  step: RebootStep,
  index: number,
  { from, expected, bootId, softReboots, failed, kargs }: Journey,
  context: StepContext,
  rollback = false,
): Promise<void> {
  const { ref } = context;
  const rest = { bootId, from, expected, softReboots, kargs, how: step };
  const known = failed === undefined ? {} : { failed };
  const back = rollback ? { rollback: true as const } : {};
  await context.emit({ type: 'reboot-intent', ref, step: index, ...rest, ...known, ...back });
}

async function wasSent(name: string, context: StepContext): Promise<boolean> {
  const ask = (): Promise<Answers> => context.session.ask({ sent: wasSentQuestion(name) }, context.as, context.signal);
  const answers = await patiently(context, ask);
  return answers['sent']?.code === 0;
}

async function follow(step: RebootStep, journey: Journey, name: string, context: StepContext): Promise<Outcome> {
  await context.session.drop();
  const after = await waitForBoot(step, journey, name, context);
  return 'result' in after ? after : prove(step, journey, after, context);
}

/** What follows from a first outcome: a deployment that failed is denied, and left again where that was asked. */
async function settle(
  step: RebootStep,
  index: number,
  journey: Journey,
  outcome: Outcome,
  before: HostState,
  context: StepContext,
): Promise<Outcome> {
  if (!isEvidence(outcome)) return outcome;
  const why = problemOf(outcome, journey, before.ostree?.deployments ?? [])?.message ?? '';
  if (before.ostree !== undefined && journey.expected !== journey.from) {
    await deny(journey.expected, before.ostree, why, context);
  }
  const canGoBack = step.rollback === true && outcome.result === 'unhealthy' && journey.expected !== journey.from;
  return canGoBack ? ofRollback(outcome, await rollBack(step, index, journey, context)) : outcome;
}

async function rollBack(step: RebootStep, index: number, gone: Journey, context: StepContext): Promise<Outcome> {
  const { emit, ref } = context;
  await emit({ type: 'note', host: ref.host, ref, text: 'not healthy; going back to the deployment of before' });
  const now = await patiently(context, () => readHostState(context));
  const { bootId, softReboots } = now;
  const journey: Journey = {
    from: gone.expected,
    expected: gone.from,
    bootId,
    softReboots,
    failed: gone.failed,
    kargs: [],
  };
  const back = rollbackStep(step, journey.expected);
  await announce(back, index, journey, context, true);
  const failed = await putFirst(journey.expected, context);
  if (failed !== undefined) return failed;
  const notSent = await commit(back, journey, `${context.stepName(index)}.back`, context);
  if (notSent !== undefined) return notSent;
  context.onReboot();
  return follow(back, journey, `${context.stepName(index)}.back`, context);
}

function ofRollback(after: Outcome, rollback: Outcome): Outcome {
  return rollback.result === 'updated'
    ? { result: 'rolled_back', after }
    : { result: 'rollback_failed', after, rollback };
}

function tell(outcome: Outcome, journey: Journey, before: HostState): Rebooted {
  return {
    problem: problemOf(outcome, journey, before.ostree?.deployments ?? []),
    outcome: outcomeResult(outcome, journey),
  };
}
