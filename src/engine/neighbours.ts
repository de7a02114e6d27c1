import { holds } from '../config/expression.ts';
import { Fault } from '../core/problem.ts';
import { bindArgs } from '../playbook/bind.ts';
import type { Scope, Task } from '../playbook/types.ts';
import type { Identity } from '../session/session.ts';
import type { HostRun } from './host-run.ts';
import { identityOf } from './identity.ts';
import { ALONE, type Neighbours } from './owed.ts';
import type { PlayRun } from './play-run.ts';
import { identityKey } from './prefetch.ts';
import { taskScope } from './scope.ts';

/** The part of an item that tells who its neighbours are. */
interface Standing {
  readonly task: Task;
  readonly run: HostRun;
  readonly play: PlayRun;
  readonly scope: Scope;
}

/** How a task may share its reboot: with the task that stands right after it in the same list, when that is certain to reboot too. */
export function neighboursOf(standing: Standing, as: Identity): Neighbours {
  const { task, run, play } = standing;
  const next = play.order.next.get(task);
  const mayLeave = next !== undefined && isPlain(task) && isPlain(next) && play.deps.confirm === undefined;
  if (!mayLeave && run.owed === undefined) return ALONE;
  let reboots: Promise<boolean> | undefined;
  return {
    owed: run.owed,
    nextReboots: () => (reboots ??= mayLeave ? willReboot(next, standing, as) : Promise.resolve(false)),
    leave: (owed) => {
      run.owed = owed;
    },
  };
}

/** One task on the host itself, once. */
function isPlain(task: Task): boolean {
  return task.loop === undefined && task.delegateTo === undefined && task.until === undefined && !task.runOnce;
}

/** What needs a result that is still to come is not certain, and counts as no. */
async function willReboot(next: Task, { run, play }: Standing, as: Identity): Promise<boolean> {
  const { module } = next;
  if (module.activates === undefined || !(await play.selected(next))) return false;
  try {
    const scope = taskScope(next, run, play, {});
    if (!next.when.every((condition) => holds(condition, scope))) return false;
    const bound = await bindArgs(next, scope, { readFile: play.deps.readFile });
    const who = identityOf(next, run, play.deps.specOf(run.host), scope);
    return module.activates(bound.want) && identityKey(who) === identityKey(as);
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}
