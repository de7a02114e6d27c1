import { aKind, type Certainty, type Finding, type Known, type Scope } from '../config/cel-run.ts';
import type { CheckOptions, Expression } from '../config/expression.ts';
import { isRecord } from '../config/plain.ts';
import type { Template } from '../config/template.ts';
import { ANY, kindOf, Unknown, type Kind } from '../config/type.ts';
import { didYouMean } from '../core/nearest.ts';
import { findHost } from '../inventory/types.ts';
import { checkArgs } from './check-args.ts';
import { checkScope, type CheckScope, type CheckScopeInput } from './check-scope.ts';
import { guardedBy } from './reads.ts';
import type { LookAt } from './look-at.ts';
import { itemResultType } from './results.ts';
import type { Block, Task } from './types.ts';

/** What a task is checked against. */
export interface TaskCheck extends Omit<CheckScopeInput, 'frame'> {
  /** Names that notifications may use. */
  readonly handlers: ReadonlySet<string>;
  readonly look: LookAt;
}

/** A loop over more items than this is checked on the first ones only. */
const MAX_ITEMS = 200;

/** Everything that is or could be wrong with a task on one host. */
export function checkTask(task: Task, on: TaskCheck): readonly Finding[] {
  if (task.loop === undefined) return checkItem(task, on);
  const outer = checkScope({ ...on, frame: task });
  const items = loopLocals(task, outer).flatMap((locals) =>
    checkItem(task, { ...on, locals: { ...on.locals, ...locals } }),
  );
  return [...outer.found, ...items];
}

/** The variables of each round of a loop; one round with unknown ones where the list is not known, one without any where there is no loop. */
export function loopLocals(node: Task | Block, scope: CheckScope): readonly Scope[] {
  if (node.loop === undefined) return [{}];
  const { loopVar, indexVar } = node.loopControl;
  const list = scope.render(node.loop.tree, { guarded: guardedBy(node) });
  const one = (item: Known, index: Known): Scope => ({ [loopVar]: item, [indexVar]: index });
  if (Array.isArray(list)) return list.slice(0, MAX_ITEMS).map((item: Known, index) => one(item, index));
  const index = new Unknown({ kind: 'number' });
  if (list instanceof Unknown) return [one(new Unknown(list.type.kind === 'list' ? list.type.of : ANY), index)];
  if (isRecord(list))
    return Object.keys(list)
      .slice(0, MAX_ITEMS)
      .map((key, i) => one({ key, value: knownIn(list, key) }, i));
  const problem = {
    code: 'E_VALUE' as const,
    message: `loop: expected a list or mapping, found ${aKind(list)}`,
    at: node.loop.at,
  };
  scope.found.push({ kind: 'kind', certainty: 'sure', problem });
  return [one(new Unknown(ANY), index)];
}

function knownIn(record: object, key: string): Known {
  const value: Known | undefined = Reflect.get(record, key);
  return value ?? null;
}

function checkItem(task: Task, on: TaskCheck): readonly Finding[] {
  const scope = checkScope({ ...on, frame: task });
  const guarded = guardedBy(task);
  let certainty: Certainty = 'sure';
  for (const condition of task.when) {
    const holds = scope.check(condition, { certainty, guarded, isCondition: true });
    if (holds === false) certainty = 'dead';
    else if (holds !== true && certainty === 'sure') certainty = 'possible';
  }
  const options: CheckOptions = { certainty, guarded };
  checkArgs(task, scope, options, on.look);
  checkKeywords(task, scope, options, on);
  return [...scope.found, ...checkOutcome(task, on, options)];
}

function checkKeywords(task: Task, scope: CheckScope, options: CheckOptions, on: TaskCheck): void {
  expectKind(task.become.user, 'become_user', ['string'], scope, options);
  for (const environment of task.environment) expectKind(environment, 'environment', ['map', 'null'], scope, options);
  expectKind(task.loopControl.label, 'loop_control.label', undefined, scope, options);
  expectKind(task.allowDestroy, 'allow_destroy', ['string', 'list'], scope, options);
  if (typeof task.ignoreErrors !== 'boolean') scope.check(task.ignoreErrors, { ...options, isCondition: true });
  checkNotify(task, scope, options, on);
  const name = expectKind(task.delegateTo, 'delegate_to', ['string'], scope, options);
  if (typeof name !== 'string' || findHost(on.inventory, name) !== undefined) return;
  const hint = didYouMean(name, on.inventory.hosts.keys());
  const problem = {
    code: 'E_NAME' as const,
    message: `delegate_to: there is no host "${name}" in the inventory`,
    at: task.delegateTo?.at ?? task.at,
  };
  scope.found.push({
    kind: 'kind',
    certainty: options.certainty ?? 'sure',
    problem: hint === undefined ? problem : { ...problem, hint },
  });
}

function checkNotify(task: Task, scope: CheckScope, options: CheckOptions, on: TaskCheck): void {
  const value = expectKind(task.notify, 'notify', ['string', 'list'], scope, options);
  const names: readonly Known[] = Array.isArray(value) ? value : [value];
  for (const [i, name] of names.entries()) {
    if (typeof name !== 'string' || on.handlers.has(name)) continue;
    const hint =
      didYouMean(name, on.handlers) ??
      (on.handlers.size === 0 ? 'the play has no handlers' : `there are: ${[...on.handlers].join(', ')}`);
    const at = task.notify?.place(Array.isArray(task.notify.raw) ? [i] : []) ?? task.at;
    scope.found.push({
      kind: 'name',
      certainty: 'sure',
      problem: { code: 'E_NAME', message: `notify: there is no handler "${name}"`, hint, at },
    });
  }
}

function expectKind(
  template: Template | undefined,
  name: string,
  kinds: readonly Kind[] | undefined,
  scope: CheckScope,
  options: CheckOptions,
): Known | undefined {
  if (template === undefined) return undefined;
  const value = scope.render(template.tree, options);
  const kind = kindOf(value);
  if (kinds === undefined || kind === 'any' || kinds.includes(kind)) return value;
  const problem = {
    code: 'E_VALUE' as const,
    message: `${name}: expected ${kinds
      .filter((one) => one !== 'null')
      .map(aKindName)
      .join(' or ')}, found ${aKind(value)}`,
    at: template.at,
  };
  scope.found.push({ kind: 'kind', certainty: options.certainty ?? 'sure', problem });
  return undefined;
}

function aKindName(kind: Kind): string {
  return kind === 'map' ? 'a mapping' : `a ${kind}`;
}

/** `until`, `failed_when` and `changed_when` see the task's own result. */
function checkOutcome(task: Task, on: TaskCheck, options: CheckOptions): readonly Finding[] {
  const conditions: readonly Expression[] = [
    ...(task.until === undefined ? [] : [task.until]),
    ...(task.failedWhen ?? []),
    ...(task.changedWhen ?? []),
  ];
  if (conditions.length === 0) return [];
  const type = itemResultType(task);
  const registered: Record<string, Known> = Object.create(on.registered);
  registered['result'] = new Unknown(type);
  if (task.register !== undefined) registered[task.register] = new Unknown(type);
  const scope = checkScope({ ...on, registered, frame: task });
  for (const condition of conditions) scope.check(condition, { ...options, isCondition: true });
  return scope.found;
}
