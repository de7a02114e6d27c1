import type { LookAt } from './look-at.ts';
import type { Finding, Known } from '../config/cel-run.ts';
import { emptyRecord, isRecord } from '../config/plain.ts';
import { aKind } from '../config/cel-run.ts';
import { hasUnknown, Unknown } from '../config/type.ts';
import type { CheckOptions } from '../config/expression.ts';
import type { z } from 'zod';
import type { ParamPlan } from './args-plan.ts';
import { argProblems } from './bind.ts';
import type { CheckScope } from './check-scope.ts';
import { candidates } from './local-file.ts';
import type { Task } from './types.ts';

type Issue = z.core.$ZodIssue;

/** Checks a task's arguments as far as they are known; unknown parts are taken to be right. */
export function checkArgs(task: Task, scope: CheckScope, options: CheckOptions, look: LookAt): void {
  const args: Record<string, unknown> = emptyRecord();
  const before = scope.found.length;
  let isWhole = true;
  if (task.plan.whole !== undefined)
    isWhole = spread(task, scope.render(task.plan.whole, options), args, scope, options);
  for (const [name, param] of task.plan.params) args[name] = paramValue(name, param, { task, scope, options, look });
  // What could not be evaluated is told already.
  const isBroken = scope.found.length > before;
  if (isWhole) judge(task, args, scope, options, isBroken);
}

function spread(
  task: Task,
  value: Known,
  args: Record<string, unknown>,
  scope: CheckScope,
  options: CheckOptions,
): boolean {
  if (value instanceof Unknown) return false;
  if (!isRecord(value)) {
    const message = `${task.module.name}: expected a mapping of parameters, found ${aKind(value)}`;
    add(scope, options, 'kind', { code: 'E_PARAM', message, at: task.args.at });
    return false;
  }
  Object.assign(args, value);
  return true;
}

/** One task's arguments being checked. */
interface Checking {
  readonly task: Task;
  readonly scope: CheckScope;
  readonly options: CheckOptions;
  readonly look: LookAt;
}

function paramValue(name: string, param: ParamPlan, checking: Checking): unknown {
  const { scope, options } = checking;
  if (param.kind === 'expression')
    return { text: param.expression.text, value: scope.check(param.expression, options) };
  if (param.kind === 'expressions')
    return param.expressions.map((one) => ({ text: one.text, value: scope.check(one, options) }));
  const value = scope.render(param.tree, options);
  if (!param.isLocalFile) return value;
  const isFixed = param.tree.kind === 'plain';
  const fileOf = (one: Known, path: Path): unknown =>
    typeof one === 'string' ? localFile(one, path, isFixed, checking) : one;
  return Array.isArray(value) ? value.map((one: Known, index) => fileOf(one, [name, index])) : fileOf(value, [name]);
}

type Path = readonly (string | number)[];

/** A file of this machine that is there, without its content; what is missing is told. */
function localFile(value: string, at: Path, isFixed: boolean, checking: Checking): object {
  const { task, look } = checking;
  const path = candidates(value, task.folders).find((path) => look(path) === 'file');
  if (path === undefined) missingFile(at, value, isFixed, checking);
  return { path: path ?? value, bytes: new Uint8Array(), mode: '0644' };
}

function missingFile(at: Path, value: string, isFixed: boolean, { task, scope, options, look }: Checking): void {
  const places = candidates(value, task.folders);
  const folder = places.find((path) => look(path) === 'folder');
  const message = folder === undefined ? `there is no file "${value}"` : `"${value}" is a folder, expected a file`;
  const hint = folder === undefined ? `looked for at ${places.join(', ')}` : 'name each file';
  add(scope, options, isFixed ? 'name' : 'value', {
    code: 'E_FILE',
    message: `${task.module.name}.${at.map((one) => (typeof one === 'number' ? `[${one}]` : one)).join('')}: ${message}`,
    hint,
    at: task.plan.place(at),
  });
}

function judge(
  task: Task,
  args: Record<string, unknown>,
  scope: CheckScope,
  options: CheckOptions,
  isBroken: boolean,
): void {
  const isPartial = isBroken || hasUnknown(args);
  const issues = issuesOf(task, args, isPartial);
  const telling = isPartial ? issues.filter((issue) => !isAboutUnknown(issue, args)) : issues;
  for (const problem of argProblems(task, telling)) add(scope, options, task.plan.isFixed ? 'name' : 'kind', problem);
}

function issuesOf(task: Task, args: unknown, isPartial: boolean): readonly Issue[] {
  try {
    return task.module.params.safeParse(args, { reportInput: true }).error?.issues ?? [];
  } catch (error) {
    // A transformation that met an unknown value; it will see the real one later.
    if (isPartial) return [];
    throw error;
  }
}

/** True where an issue would go away, or could, once what is unknown is there. */
function isAboutUnknown(issue: Issue, args: unknown): boolean {
  if (issue.code === 'unrecognized_keys') return false;
  let value: unknown = args;
  for (const segment of issue.path) {
    if (value instanceof Unknown) return true;
    value = typeof value === 'object' && value !== null ? Reflect.get(value, segment) : undefined;
  }
  return hasUnknown(value);
}

function add(
  scope: CheckScope,
  { certainty = 'sure' }: CheckOptions,
  kind: Finding['kind'],
  problem: Finding['problem'],
): void {
  scope.found.push({ kind, certainty, problem });
}
