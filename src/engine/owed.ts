import type { Problem } from '../core/problem.ts';
import type { HealthWish, RebootStep, Step } from '../core/step.ts';
import type { Applied } from './step-context.ts';

/** A reboot that a task left to its neighbour: what to apply, and how to see afterwards that the task came true. */
export interface Owed {
  /** Name of the task. */
  readonly task: string;
  readonly reboot: RebootStep;
  /** Steps of the task that come after its reboot. */
  readonly after: readonly Step[];
  /** Applies one of them for the task that left it. */
  readonly apply: (step: Step, index: number) => Promise<Applied>;
  /** What is not as wished once the host has rebooted; also of tasks that left their reboots before. */
  readonly verify: () => Promise<readonly Problem[]>;
}

/** How a task stands to its neighbours, as far as reboots are concerned. */
export interface Neighbours {
  /** The reboot that a task before left to this one. */
  readonly owed: Owed | undefined;
  /** Whether the task that follows will reboot by itself, so that this one's reboot can be left to it. */
  readonly nextReboots: () => Promise<boolean>;
  readonly leave: (owed: Owed | undefined) => void;
}

/** No neighbours: every reboot happens at its own task. */
export const ALONE: Neighbours = {
  owed: undefined,
  nextReboots: () => Promise.resolve(false),
  leave: () => undefined,
};

/** Does the reboot that was left, because the next task turned out not to reboot. The problems when it failed. */
export async function settleOwed({ owed, leave }: Pick<Neighbours, 'owed' | 'leave'>): Promise<readonly Problem[]> {
  if (owed === undefined) return [];
  let problems: readonly Problem[] = [];
  for (const [index, step] of [owed.reboot, ...owed.after].entries()) {
    if (problems.length > 0 && step.always !== true) continue;
    const { problem } = await owed.apply(step, index);
    if (problem !== undefined && problems.length === 0) problems = [problem];
  }
  leave(undefined);
  const left = problems.length > 0 ? problems : await owed.verify();
  return left.map((problem) => ({ ...problem, message: `the reboot that "${owed.task}" left: ${problem.message}` }));
}

/**
 * A task's steps with the reboot that was left to it: its own reboot boots what waits, under what both tasks want of health,
 * and gives back what was taken for it.
 */
export function withOwed(steps: readonly Step[], owed: Owed | undefined): readonly Step[] {
  const at = steps.findIndex((step) => step.do === 'reboot' && step.command === undefined);
  const own = steps[at];
  if (owed === undefined || own?.do !== 'reboot') return steps;
  const activates = own.activates ?? owed.reboot.activates;
  const reboot: RebootStep = { ...joined(own, owed.reboot), ...(activates === undefined ? {} : { activates }) };
  const after = owed.after.filter((step) => !steps.some(({ say }) => say === step.say));
  return [...steps.slice(0, at), reboot, ...steps.slice(at + 1), ...after];
}

/** The stricter of two wishes in every respect. */
function joined(own: RebootStep, left: RebootStep): RebootStep {
  const { retryDenied: _own, ...rest } = own;
  const health = joinedHealth(own.health, left.health);
  return {
    ...rest,
    timeoutMs: Math.max(own.timeoutMs, left.timeoutMs),
    downTimeoutMs: Math.max(own.downTimeoutMs, left.downTimeoutMs),
    ...(health === undefined ? {} : { health }),
    ...(own.rollback === true || left.rollback === true ? { rollback: true as const } : {}),
    ...(own.retryDenied === true && left.retryDenied === true ? { retryDenied: true as const } : {}),
  };
}

function joinedHealth(one: HealthWish | undefined, other: HealthWish | undefined): HealthWish | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return {
    commands: [...one.commands, ...other.commands],
    minHealthyMs: Math.max(one.minHealthyMs, other.minHealthyMs),
    everyMs: Math.min(one.everyMs, other.everyMs),
    deadlineMs: Math.max(one.deadlineMs, other.deadlineMs),
    failedUnits: one.failedUnits === 'fail' || other.failedUnits === 'fail' ? 'fail' : 'warn',
  };
}
