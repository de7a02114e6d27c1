import type { Value, Vars } from '../core/value.ts';
import type { Play, Scope, Task, Block } from '../playbook/types.ts';
import { scopeFor } from '../playbook/vars.ts';
import type { HostRun } from './host-run.ts';
import type { PlayRun } from './play-run.ts';

/** Names of loops around a task: their variables by name. */
export type Locals = Vars;

/** What an expression of this task sees on this host right now. */
export function taskScope(node: Task | Block | Play, run: HostRun, play: PlayRun, locals: Locals): Scope {
  const { request } = play;
  return scopeFor({
    play: play.play,
    frame: node,
    host: run.host,
    inventory: request.inventory,
    facts: run.facts,
    registered: run.registered,
    prompted: play.prompted,
    extraVars: request.options.extraVars,
    run: { id: request.options.run, check: request.options.check },
    locals,
  });
}

/** The scope with a task's own result, for `until`, `failed_when` and `changed_when`. */
export function withResult(scope: Scope, task: Task, result: Value): Scope {
  const own: Record<string, Value> = { ...scope, result };
  if (task.register !== undefined) own[task.register] = result;
  return own;
}
