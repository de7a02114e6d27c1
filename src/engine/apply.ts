import type { Problem } from '../core/problem.ts';
import type { Step, StepResult } from '../core/step.ts';
import { applyStep } from './step.ts';
import type { StepContext } from './step-context.ts';

/** What came of applying steps, until one failed. */
export interface AppliedAll {
  readonly done: readonly StepResult[];
  readonly problems: readonly Problem[];
}

/** Where the steps stand in their task's plan. */
export interface Place {
  /** Steps of the whole plan, for messages. */
  readonly total: number;
  /** Later steps of the plan; those that are applied always are applied when one fails here. */
  readonly finally: readonly Step[];
  /** Position of the first step in the plan, 0 when absent. */
  readonly from?: number;
}

/** Applies steps in order. Where one fails the rest is left out, except what gives back. An optional step's failure is only told. */
export async function applyAll(steps: readonly Step[], context: StepContext, place: Place): Promise<AppliedAll> {
  const from = place.from ?? 0;
  const done: StepResult[] = [];
  for (const [index, step] of steps.entries()) {
    const { result, problem } = await applyStep(step, from + index, context);
    done.push(result);
    if (problem === undefined) continue;
    if (isForgiving(step)) {
      await note(`${step.say}: ${problem.message}`, context);
      continue;
    }
    const rest = [...steps.slice(index + 1), ...place.finally];
    done.push(...(await giveBack(rest, from + index + 1, context)));
    return { done, problems: [withStep(problem, step, place.total)] };
  }
  if (steps.length === 0) done.push(...(await giveBack(place.finally, from, context)));
  return { done, problems: [] };
}

function isForgiving(step: Step): boolean {
  return step.always === true || (step.do === 'transaction' && step.optional === true);
}

/** The host may be gone: what cannot be given back now is given back by the next run. */
async function giveBack(steps: readonly Step[], from: number, context: StepContext): Promise<readonly StepResult[]> {
  const done: StepResult[] = [];
  for (const [index, step] of steps.entries()) {
    if (step.always !== true) continue;
    try {
      const { result, problem } = await applyStep(step, from + index, context);
      done.push(result);
      if (problem !== undefined) await note(`${step.say}: ${problem.message}`, context);
    } catch (error) {
      context.signal.throwIfAborted();
      await note(`${step.say}: ${error instanceof Error ? error.message : String(error)}`, context);
    }
  }
  return done;
}

function note(text: string, { emit, ref }: StepContext): Promise<void> {
  return emit({ type: 'note', host: ref.host, ref, text });
}

function withStep(problem: Problem, step: Step, count: number): Problem {
  return count === 1 ? problem : { ...problem, message: `${step.say}: ${problem.message}` };
}

/** Problems of steps that would destroy what the task does not name. */
export function undestroyable(steps: readonly Step[], allowed: readonly string[]): Problem[] {
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
