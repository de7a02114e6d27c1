import { fault } from '../core/problem.ts';
import { Secret, type MaybeSecret } from '../core/secret.ts';
import type { Value } from '../core/value.ts';
import { render } from '../config/template.ts';
import { hostSpec } from '../inventory/host-spec.ts';
import type { Scope, Task } from '../playbook/types.ts';
import type { Identity } from '../session/session.ts';
import type { HostRun } from './host-run.ts';

/** Who a task acts as on a host: its own `become`, else the inventory's; nobody else where we are logged in as that user. */
export function identityOf(task: Task, run: HostRun, scope: Scope): Identity {
  const spec = hostSpec(run.host);
  const wish = task.become;
  const wanted = wish.become ?? spec.become !== undefined;
  if (!wanted || spec.neverBecome === true) return undefined;
  const user = wish.user === undefined ? (spec.becomeUser ?? spec.become?.user ?? 'root') : render(wish.user, scope);
  if (typeof user !== 'string' || user === '') {
    throw fault({ code: 'E_VALUE', message: `become_user must be a user name, found ${typeof user}`, at: task.at });
  }
  if (run.facts?.user.name === user) return undefined;
  const method = wish.method ?? spec.becomeMethod ?? spec.become?.method ?? 'sudo';
  const password = spec.becomePassword;
  return password === undefined ? { user, method } : { user, method, password };
}

/** The environment of a task's commands: inner levels win. */
export function environmentOf(task: Task, scope: Scope): Record<string, MaybeSecret> {
  const merged: Record<string, MaybeSecret> = {};
  for (const template of task.environment) {
    const level = render(template, scope);
    if (level === null) continue;
    if (typeof level !== 'object' || level instanceof Secret || Array.isArray(level)) {
      throw fault({ code: 'E_VALUE', message: 'environment must be a mapping of names to values', at: template.at });
    }
    for (const [name, value] of Object.entries(level as Record<string, Value>)) merged[name] = variable(value);
  }
  return merged;
}

function variable(value: Value): MaybeSecret {
  if (value instanceof Secret) return value;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
