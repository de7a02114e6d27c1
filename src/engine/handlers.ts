import { render } from '../config/template.ts';
import type { Scope, Task } from '../playbook/types.ts';
import type { HostRun } from './host-run.ts';
import type { PlayRun } from './play-run.ts';

/** Marks the handlers a changed task notifies, by name or by a topic they listen to. They run once, at the next flush. */
export function notifyHandlers(task: Task, scope: Scope, run: HostRun, play: PlayRun): void {
  if (task.notify === undefined) return;
  const value = render(task.notify, scope);
  for (const name of Array.isArray(value) ? value : [value]) {
    for (const handler of play.play.handlers) {
      if (handler.name === name || (typeof name === 'string' && handler.listen.includes(name))) {
        run.notified.set(handler.id, handler.name);
      }
    }
  }
}

/** The handlers that are due on a host, in the order they are defined; taken one by one, because a handler may notify another. */
export function nextHandler(
  run: HostRun,
  play: PlayRun,
  after: number,
): { readonly handler: Task; readonly at: number } | undefined {
  const at = play.play.handlers.findIndex((handler, index) => index > after && run.notified.has(handler.id));
  const handler = play.play.handlers[at];
  return handler === undefined ? undefined : { handler, at };
}
