import type { Answers } from '../core/answer.ts';
import type { TaskRef } from '../core/events.ts';
import type { Facts } from '../core/facts.ts';
import type { AnyModule, Change, ModuleContext } from '../core/module.ts';
import type { Problem } from '../core/problem.ts';
import type { Step } from '../core/step.ts';
import { applyAll, type AppliedAll } from './apply.ts';
import { ALONE, withOwed, type Neighbours } from './owed.ts';
import { patiently } from './patience.ts';
import { applyStep } from './step.ts';
import type { StepContext } from './step-context.ts';
import { understand } from './understand.ts';

/** A module with its bound wish, ready to meet a host. */
export interface Job {
  readonly ref: TaskRef;
  readonly module: AnyModule;
  readonly want: unknown;
  readonly allowDestroy: readonly string[];
  readonly facts: Facts;
  readonly check: boolean;
  readonly run: string;
  /** Absent where no reboot may be shared: in loops, for other hosts. */
  readonly neighbours?: Neighbours;
}

/** Everything one task works with on one host, from its first answers on. */
export interface Work {
  readonly job: Job;
  readonly context: StepContext;
  readonly thinking: ModuleContext;
  readonly have: unknown;
  readonly ask: () => Promise<Answers>;
}

/** A plan that can be gone about. */
export type Plan = Extract<Change, { readonly steps: readonly Step[] }>;

/**
 * Steps that end in booting what they staged. The module is asked again before the reboot: only it can judge whether the staged
 * deployment holds the wish, and it gives the id that must run afterwards.
 */
export async function applyAndBoot(work: Work, change: Plan, boot: number, leaves: boolean): Promise<AppliedAll> {
  const { job, context } = work;
  const total = change.steps.length;
  const tail = change.steps.slice(boot);
  const { owed, leave } = job.neighbours ?? ALONE;
  const first = boot === 0 ? NOTHING : await applyAll(change.steps.slice(0, boot), context, { total, finally: tail });
  if (first.problems.length > 0) return first;
  const second = first.done.length === 0 ? change : await planAgain(work);
  if ('refuse' in second || !isReady(second)) {
    const given = await applyAll([], context, { total, finally: tail, from: boot });
    return { done: [...first.done, ...given.done], problems: unconverged(second) };
  }
  if (leaves && reboots(second.steps)) {
    leave(owedBy(work, withOwed(second.steps, owed), owed));
    return first;
  }
  const rest = await applyKnown(work, withOwed(second.steps, owed), boot);
  return { done: [...first.done, ...rest.done], problems: rest.problems };
}

/** Applies steps of which nothing is left to find out; a reboot that was left to this task is done with its own. */
export async function applyKnown({ job, context }: Work, steps: readonly Step[], from = 0): Promise<AppliedAll> {
  const { owed, leave } = job.neighbours ?? ALONE;
  const applied = await applyAll(steps, context, { total: steps.length + from, finally: [], from });
  if (applied.problems.length > 0 || owed === undefined || !reboots(steps)) return applied;
  leave(undefined);
  return { done: applied.done, problems: await owed.verify() };
}

const NOTHING: AppliedAll = { done: [], problems: [] };

/** The state of the host as the module reads it after its steps. */
export async function readAgain({ job, ask, thinking, context }: Work): Promise<unknown> {
  return understand(job.module, await patiently(context, ask), job.want, thinking);
}

async function planAgain(work: Work): Promise<Change> {
  return work.job.module.plan(work.job.want, await readAgain(work), work.thinking, work.have);
}

/** True where one of the steps reboots the host. */
export function reboots(steps: readonly Step[]): boolean {
  return steps.some((step) => step.do === 'reboot');
}

/** A second plan may wait, reboot and give back; anything else means that the host would boot something that is not as wished. */
function isReady({ steps }: Plan): boolean {
  return steps.every((step) => step.do === 'wait' || step.do === 'reboot' || step.always === true);
}

/** What a task leaves to its neighbour; reboots that were left to it go along. */
function owedBy(work: Work, steps: readonly Step[], before: Neighbours['owed']): Neighbours['owed'] {
  const { job, context } = work;
  const reboot = steps.find((step) => step.do === 'reboot');
  if (reboot === undefined) return before;
  return {
    task: job.ref.name,
    reboot,
    after: steps.slice(steps.indexOf(reboot) + 1),
    apply: (step, index) => applyStep(step, index, context),
    verify: async () => [
      ...((await before?.verify()) ?? []),
      ...unconverged(await planAgain(work)).map((one) => ({ ...one, message: `"${job.ref.name}": ${one.message}` })),
    ],
  };
}

/** The problem of a plan that should have no steps any more; none where it has none. */
export function unconverged(change: Change): Problem[] {
  if ('refuse' in change) return [{ code: 'E_NOT_CONVERGED', message: `after the steps: ${change.refuse}` }];
  if (change.steps.length === 0) return [];
  const left = change.steps.map((step) => step.say).join('; ');
  return [
    {
      code: 'E_NOT_CONVERGED',
      message: `every step reported success, but the host is still not as wanted; left to do: ${left}`,
      hint: 'something on the host undoes the change or refuses it silently; run the task again with -vv and look at the host',
    },
  ];
}
