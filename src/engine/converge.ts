import type { Answers } from '../core/answer.ts';
import type { TaskRef } from '../core/events.ts';
import type { Facts } from '../core/facts.ts';
import type { Json } from '../core/json.ts';
import type { AnyModule, Change, Diff, ModuleContext } from '../core/module.ts';
import type { Problem } from '../core/problem.ts';
import type { Step, StepResult } from '../core/step.ts';
import { applyStep, type StepContext } from './step.ts';

/** A module with its bound wish, ready to meet a host. */
export interface Job {
  readonly ref: TaskRef;
  readonly module: AnyModule;
  readonly want: unknown;
  readonly allowDestroy: readonly string[];
  readonly facts: Facts;
  readonly check: boolean;
  readonly run: string;
}

/** What came of asking, planning, applying and asking again. */
export interface Converged {
  readonly status: 'ok' | 'changed' | 'ran' | 'failed';
  readonly changed: boolean;
  readonly problems: readonly Problem[];
  readonly diff: readonly Diff[];
  readonly result: Readonly<Record<string, Json>>;
  readonly message: string | undefined;
}

/** Brings one module's wish about on one host: ask, plan, apply, and for a state module ask again. */
export async function converge(job: Job, ask: () => Promise<Answers>, context: StepContext): Promise<Converged> {
  const { module, want } = job;
  const thinking: ModuleContext = { facts: job.facts, check: job.check, run: job.run };
  const have = module.read(await ask(), want, thinking);
  const change = module.plan(want, have, thinking);
  if ('refuse' in change) return refused(change, module.result?.(want, have, [], thinking) ?? {});

  const diff = change.diff ?? [];
  const finish = (over: Partial<Converged>, state: unknown, done: readonly StepResult[]): Converged => {
    const result = module.result?.(want, state, done, thinking) ?? {};
    return { status: 'ok', changed: false, problems: [], diff, message: messageOf(result), ...over, result };
  };
  if (change.steps.length === 0) return finish({}, have, []);
  const forbidden = undestroyable(change.steps, job.allowDestroy);
  if (forbidden.length > 0) return finish({ status: 'failed', problems: forbidden }, have, []);
  const says = change.steps.map((step) => step.say);
  await context.emit({ type: 'task-plan', ref: job.ref, steps: says, notes: change.notes ?? [] });
  const acted = statusOf(module, change.verify);
  if (job.check) return finish({ status: acted, changed: acted !== 'ok' }, have, []);

  const { done, problems } = await applyAll(change.steps, context);
  const changed = module.inert !== true && done.some((one) => one.changed);
  if (problems.length > 0) return finish({ status: 'failed', changed, problems }, have, done);
  if (acted === 'ran') return finish({ status: 'ran', changed }, have, done);
  if (!changed) return finish({}, have, done);
  if (change.verify === false) return finish({ status: 'changed', changed }, have, done);
  const after = module.read(await ask(), want, thinking);
  const left = unconverged(module.plan(want, after, thinking, have));
  return finish({ status: left.length > 0 ? 'failed' : 'changed', changed, problems: left }, after, done);
}

/** How a module's steps are reported: an action ran, unless its outcome can be read and is verified like a state. */
function statusOf(module: AnyModule, verify: boolean | undefined): 'ok' | 'ran' | 'changed' {
  if (module.inert === true) return 'ok';
  return module.kind === 'action' && verify !== true ? 'ran' : 'changed';
}

async function applyAll(
  steps: readonly Step[],
  context: StepContext,
): Promise<{ readonly done: readonly StepResult[]; readonly problems: readonly Problem[] }> {
  const done: StepResult[] = [];
  for (const [index, step] of steps.entries()) {
    const { result, problem } = await applyStep(step, index, context);
    done.push(result);
    if (problem !== undefined) return { done, problems: [withStep(problem, step, steps.length)] };
  }
  return { done, problems: [] };
}

function withStep(problem: Problem, step: Step, count: number): Problem {
  return count === 1 ? problem : { ...problem, message: `${step.say}: ${problem.message}` };
}

function refused(change: Extract<Change, { refuse: string }>, result: Readonly<Record<string, Json>>): Converged {
  const problem: Problem = {
    code: change.code ?? 'E_UNSUPPORTED',
    message: change.refuse,
    ...(change.hint === undefined ? {} : { hint: change.hint }),
  };
  return { status: 'failed', changed: false, problems: [problem], diff: [], result, message: undefined };
}

function undestroyable(steps: readonly Step[], allowed: readonly string[]): Problem[] {
  return steps.flatMap((step) => {
    const missing = (step.destroys ?? []).filter((what) => !allowed.includes(what));
    if (missing.length === 0) return [];
    return [
      {
        code: 'E_DESTROY' as const,
        message: `"${step.say}" would destroy ${missing.join(', ')}, which this task does not allow`,
        hint: `if that is meant, add to the task:  allow_destroy: [${missing.map((one) => JSON.stringify(one)).join(', ')}]`,
      },
    ];
  });
}

function unconverged(change: Change): Problem[] {
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

function messageOf(result: Readonly<Record<string, Json>>): string | undefined {
  return typeof result['msg'] === 'string' ? result['msg'] : undefined;
}
