import { fault } from '../core/problem.ts';
import { Secret, type MaybeSecret } from '../core/secret.ts';
import type { Value } from '../core/value.ts';
import { render } from '../config/template.ts';
import type { HostSpec } from '../core/target.ts';
import type { Scope, Task } from '../playbook/types.ts';
import type { Identity } from '../session/session.ts';
import type { HostRun } from './host-run.ts';

/** Who a task acts as on a host: its own `become`, else the inventory's; nobody else where we are logged in as that user. */
export function identityOf(task: Task, run: HostRun, spec: HostSpec, scope: Scope): Identity {
  const wish = task.become;
  const wanted = wish.become ?? spec.become !== undefined;
  if (!wanted || spec.neverBecome === true) return undefined;
  const user = userOf(task, spec, scope);
  if (run.facts?.user.name === user) return undefined;
  const method = wish.method ?? spec.becomeMethod ?? spec.become?.method ?? 'sudo';
  const password = spec.becomePassword;
  return password === undefined ? { user, method } : { user, method, password };
}

function userOf(task: Task, spec: HostSpec, scope: Scope): string {
  const { user: template } = task.become;
  if (template === undefined) return spec.becomeUser ?? spec.become?.user ?? 'root';
  const user = render(template, scope);
  if (typeof user === 'string' && user !== '') return user;
  throw fault({ code: 'E_VALUE', message: `become_user must be a user name, found ${typeof user}`, at: template.at });
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
