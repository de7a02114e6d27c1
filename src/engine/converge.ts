import type { Json } from '../core/json.ts';
import type { AnyModule, Change, Diff, ModuleContext } from '../core/module.ts';
import type { Problem } from '../core/problem.ts';
import type { StepResult } from '../core/step.ts';
import { resumeReboot } from './activation/index.ts';
import { undestroyable } from './apply.ts';
import { ALONE, settleOwed, withOwed, type Neighbours } from './owed.ts';
import { applyAndBoot, applyKnown, readAgain, reboots, unconverged, type Job, type Plan, type Work } from './rounds.ts';
import type { StepContext } from './step-context.ts';
import { understand } from './understand.ts';

/** What came of asking, planning, applying and asking again. */
export interface Converged {
  readonly status: 'ok' | 'changed' | 'ran' | 'failed';
  readonly changed: boolean;
  readonly problems: readonly Problem[];
  readonly diff: readonly Diff[];
  readonly result: Readonly<Record<string, Json>>;
  readonly message: string | undefined;
  /** The reboot is left to the next task. */
  readonly owesReboot?: true;
}

/** Brings one module's wish about on one host: ask, plan, apply, and for a state module ask again. */
export async function converge(job: Job, ask: Work['ask'], context: StepContext): Promise<Converged> {
  const { module, want } = job;
  const thinking = thinkingOf(job);
  const resumed = job.check ? undefined : await resumeReboot(context);
  if (resumed !== undefined && (resumed.problem !== undefined || module.kind === 'action')) return ofResumed(resumed);
  const have = understand(module, await ask(), want, thinking);
  const change = module.plan(want, have, thinking);
  if ('refuse' in change) return refused(change, module.result?.(want, have, [], thinking) ?? {});
  const neighbours = job.neighbours ?? ALONE;
  if (await mustSettle(neighbours, change)) {
    const problems = job.check ? [] : await settleOwed(neighbours);
    neighbours.leave(undefined);
    return problems.length > 0 ? failedWith(problems) : converge({ ...job, neighbours: ALONE }, ask, context);
  }
  const whole = { ...change, steps: withOwed(change.steps, neighbours.owed) };
  const converged = await bringAbout({ job, context, thinking, have, ask }, whole);
  if (resumed === undefined || converged.status !== 'ok') return converged;
  // The reboot that is proven now was this task's own, although nothing is left to do.
  const result = { ...converged.result, activation: resumed.outcome };
  return { ...converged, status: 'changed', changed: true, result };
}

function thinkingOf({ facts, check, run, neighbours }: Job): ModuleContext {
  return { facts, check, run, ...(neighbours?.owed === undefined ? {} : { owed: true }) };
}

/** A reboot was left to this task, and neither it nor the one after it reboots by itself. */
async function mustSettle({ owed, nextReboots }: Neighbours, { steps }: Plan): Promise<boolean> {
  return owed !== undefined && !reboots(steps) && !(await nextReboots());
}

async function bringAbout(work: Work, change: Plan): Promise<Converged> {
  const { job, have, context } = work;
  const finish = (over: Partial<Converged>, state: unknown, done: readonly StepResult[]): Converged =>
    finished(work, change, over, state, done);
  if (change.steps.length === 0) return finish({}, have, []);
  const forbidden = undestroyable(change.steps, job.allowDestroy);
  const unguarded = (await context.guard?.foresee(change.steps, job.check)) ?? [];
  const refusals = [...forbidden, ...unguarded];
  if (refusals.length > 0) return finish({ status: 'failed', problems: refusals }, have, []);
  const boot = change.steps.findIndex((step) => step.do === 'reboot' && step.activates !== undefined);
  const leaves = boot !== -1 && (await (job.neighbours ?? ALONE).nextReboots());
  await tellPlan(work, change, leaves ? boot : change.steps.length);
  const acted = statusOf(job.module, change.verify);
  const owes = leaves ? ({ owesReboot: true } as const) : {};
  if (job.check) return finish({ status: acted, changed: acted !== 'ok', ...owes }, have, []);

  // An action's steps are what they are; a state's are judged again by its module before anything is booted.
  const { done, problems } =
    boot === -1 || job.module.kind === 'action'
      ? await applyKnown(work, change.steps)
      : await applyAndBoot(work, change, boot, leaves);
  const changed = job.module.inert !== true && done.some((one) => one.changed);
  if (problems.length > 0) return finish({ status: 'failed', changed, problems }, have, done);
  if (leaves) return finish({ status: 'changed', changed: true, ...owes }, await readAgain(work), done);
  return verified(work, change, changed, done);
}

/** What is reported of steps that all went well: for a state only after asking and planning again. */
async function verified(work: Work, change: Plan, changed: boolean, done: readonly StepResult[]): Promise<Converged> {
  const { job, have, thinking } = work;
  const acted = statusOf(job.module, change.verify);
  if (acted === 'ran') return finished(work, change, { status: 'ran', changed }, have, done);
  // A module that only waits may ask for a second look: what came may not be what was hoped for.
  const looksAgain = work.job.module.inert === true && change.verify === true;
  if (!changed && !looksAgain) return finished(work, change, {}, have, done);
  if (change.verify === false) return finished(work, change, { status: 'changed', changed }, have, done);
  const after = await readAgain(work);
  const left = unconverged(job.module.plan(job.want, after, thinking, have));
  const status = left.length > 0 ? 'failed' : acted;
  return finished(work, change, { status, changed, problems: left }, after, done);
}

async function tellPlan({ job, context }: Work, change: Plan, count: number): Promise<void> {
  const left = count < change.steps.length ? ['the reboot is left to the task that follows'] : [];
  const steps = change.steps.slice(0, count).map((step) => step.say);
  await context.emit({ type: 'task-plan', ref: job.ref, steps, notes: [...(change.notes ?? []), ...left] });
}

function finished(
  { job, thinking }: Work,
  change: Plan,
  over: Partial<Converged>,
  state: unknown,
  done: readonly StepResult[],
): Converged {
  const result = job.module.result?.(job.want, state, done, thinking) ?? {};
  const diff = change.diff ?? [];
  return { status: 'ok', changed: false, problems: [], diff, message: messageOf(result), ...over, result };
}

function ofResumed({ problem, outcome }: NonNullable<Awaited<ReturnType<typeof resumeReboot>>>): Converged {
  const result = { activation: outcome };
  if (problem !== undefined) return { ...failedWith([problem]), changed: true, result };
  return {
    status: 'ran',
    changed: true,
    problems: [],
    diff: [],
    result: { rebooted: true, ...result },
    message: undefined,
  };
}

function failedWith(problems: readonly Problem[]): Converged {
  return { status: 'failed', changed: false, problems, diff: [], result: {}, message: undefined };
}

/** How a module's steps are reported: an action ran, unless its outcome can be read and is verified like a state. */
function statusOf(module: AnyModule, verify: boolean | undefined): 'ok' | 'ran' | 'changed' {
  if (module.inert === true) return 'ok';
  return module.kind === 'action' && verify !== true ? 'ran' : 'changed';
}

function refused(change: Extract<Change, { refuse: string }>, result: Readonly<Record<string, Json>>): Converged {
  const problem: Problem = {
    code: change.code ?? 'E_UNSUPPORTED',
    message: change.refuse,
    ...(change.hint === undefined ? {} : { hint: change.hint }),
  };
  return { status: 'failed', changed: false, problems: [problem], diff: [], result, message: undefined };
}

function messageOf(result: Readonly<Record<string, Json>>): string | undefined {
  return typeof result['msg'] === 'string' ? result['msg'] : undefined;
}
