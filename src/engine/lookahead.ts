import { holds } from '../config/expression.ts';
import { Fault } from '../core/problem.ts';
import { bindArgs } from '../playbook/bind.ts';
import type { Scope, Task } from '../playbook/types.ts';
import type { HostRun } from './host-run.ts';
import { identityOf } from './identity.ts';
import { loopItems, loopLocals } from './loop.ts';
import type { PlayRun } from './play-run.ts';
import type { Wish } from './prefetch.ts';
import { taskScope } from './scope.ts';

/**
 * The questions of the tasks that follow, as far as they can be known now: at most `count`, and not past a task that will
 * change the host for certain. What cannot be bound yet (it needs a result that is still to come) is asked at its turn.
 */
export async function wishesAhead(from: Task, run: HostRun, play: PlayRun, count: number): Promise<readonly Wish[]> {
  const start = play.order.pathIndex.get(from);
  if (start === undefined) return [];
  const wishes: Wish[] = [];
  for (const task of play.order.path.slice(start)) {
    if (wishes.length >= count) break;
    if (task.delegateTo !== undefined || task.runOnce) continue;
    const found = await wishesOf(task, run, play);
    wishes.push(...found);
    if (task !== from && isCertainChange(task, found, play)) break;
  }
  return wishes;
}

/** True for an action that asks nothing first (a bare `command`): what is asked beyond it would be thrown away. */
function isCertainChange(task: Task, wishes: readonly Wish[], play: PlayRun): boolean {
  const check = task.checkMode ?? play.request.options.check;
  const acts = task.module.kind === 'action' && task.module.inert !== true && !check;
  return acts && wishes.some((wish) => Object.keys(wish.questions).length === 0);
}

async function wishesOf(task: Task, run: HostRun, play: PlayRun): Promise<Wish[]> {
  try {
    const outer = taskScope(task, run, play, {});
    const wishes: Wish[] = [];
    for (const [index, item] of loopItems(task, outer).entries()) {
      const scope = task.loop === undefined ? outer : taskScope(task, run, play, loopLocals(task, item, index));
      const wish = await wishOf(task, index, scope, run, play);
      if (wish !== undefined) wishes.push(wish);
    }
    return wishes;
  } catch (error) {
    if (error instanceof Fault) return [];
    throw error;
  }
}

async function wishOf(task: Task, index: number, scope: Scope, run: HostRun, play: PlayRun): Promise<Wish | undefined> {
  if (run.facts === undefined || !task.when.every((condition) => holds(condition, scope))) return undefined;
  const { want } = await bindArgs(task, scope, { readFile: play.deps.readFile });
  const check = task.checkMode ?? play.request.options.check;
  const questions = task.module.probe(want, { facts: run.facts, check, run: play.request.options.run });
  return { key: `${task.id}#${index}`, questions, as: identityOf(task, run, play.deps.specOf(run.host), scope) };
}
