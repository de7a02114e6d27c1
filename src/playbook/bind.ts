import { evaluate } from '../config/expression.ts';
import { emptyRecord, isRecord } from '../config/plain.ts';
import { render, renderTree } from '../config/template.ts';
import { shown, zodProblems } from '../config/zod-problems.ts';
import type { Evaluated } from '../core/module.ts';
import { Fault, fault, throwIfAny, type Problem } from '../core/problem.ts';
import type { Value } from '../core/value.ts';
import type { ParamPlan } from './args-plan.ts';
import { readLocalFile, type ReadFile } from './local-file.ts';
import type { Scope, Task } from './types.ts';

/** A task's arguments for one host, checked. */
export interface Bound {
  /** What the module's schema made of them. */
  readonly want: unknown;
  readonly allowDestroy: readonly string[];
}

/** What binding needs from outside. */
export interface BindOptions {
  readonly readFile: ReadFile;
}

const fixed = new WeakMap<Task, Bound>();

/** Evaluates and checks a task's arguments on a scope. Throws a Fault with every problem and its place. */
export async function bindArgs(task: Task, scope: Scope, options: BindOptions): Promise<Bound> {
  const known = fixed.get(task);
  if (known !== undefined) return known;
  const bound = { want: parseArgs(task, await argsOf(task, scope, options)), allowDestroy: destroyable(task, scope) };
  if (task.plan.isFixed && task.allowDestroy === undefined) fixed.set(task, bound);
  return bound;
}

/** The arguments through the module's schema. Throws a Fault with every problem and its place. */
export function parseArgs(task: Task, args: unknown): unknown {
  const parsed = task.module.params.safeParse(args, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new Fault(argProblems(task, parsed.error.issues));
}

/** zod's issues about a task's arguments as problems. */
export function argProblems(task: Task, issues: Parameters<typeof zodProblems>[0]): readonly Problem[] {
  const { module, plan } = task;
  const place = (path: readonly (string | number)[], what?: 'key' | 'value') => plan.place(path, what);
  const problems = zodProblems(issues, {
    subject: module.name,
    noun: 'parameter',
    code: 'E_PARAM',
    schema: module.params,
    place,
    expressionAt: (path) => expressionAt(task, path),
  });
  const hint = `"copse doc ${module.name}" shows examples`;
  return problems.map((problem) => (problem.code === 'E_MISSING' ? { hint, ...problem } : problem));
}

/** The text of the `${{ }}` that gives the whole value at a path of the bound arguments. */
function expressionAt({ plan }: Task, [name, ...path]: readonly (string | number)[]): string | undefined {
  const param = plan.params.get(String(name));
  let tree = param?.kind === 'tree' ? param.tree : undefined;
  for (const segment of path) {
    tree =
      tree?.kind === 'list'
        ? tree.items[Number(segment)]
        : tree?.kind === 'map'
          ? tree.entries.get(String(segment))
          : undefined;
  }
  return tree?.kind === 'expression' ? tree.expression.text : undefined;
}

async function argsOf(task: Task, scope: Scope, options: BindOptions): Promise<unknown> {
  const { plan } = task;
  const args = emptyRecord();
  const problems: Problem[] = [];
  if (plan.whole !== undefined) Object.assign(args, wholeArgs(task, renderTree(plan.whole, scope)));
  for (const [name, param] of plan.params) {
    try {
      args[name] = await paramValue(name, param, { task, scope, options });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      problems.push(...error.problems);
    }
  }
  throwIfAny(problems);
  return args;
}

function wholeArgs(task: Task, value: Value): object {
  if (isRecord(value)) return value;
  throw fault({
    code: 'E_PARAM',
    message: `${task.module.name}: expected a mapping of parameters, found ${shown(value)}`,
    at: task.args.at,
  });
}

interface Binding {
  readonly task: Task;
  readonly scope: Scope;
  readonly options: BindOptions;
}

async function paramValue(name: string, param: ParamPlan, { task, scope, options }: Binding): Promise<unknown> {
  if (param.kind === 'expression') return evaluated(param.expression, scope);
  if (param.kind === 'expressions') return param.expressions.map((expression) => evaluated(expression, scope));
  const value = renderTree(param.tree, scope);
  if (!param.isLocalFile) return value;
  const readOne = (one: Value, path: readonly (string | number)[]): unknown =>
    typeof one === 'string' ? readLocalFile(one, task.folders, options.readFile, task.plan.place(path)) : one;
  return Array.isArray(value)
    ? Promise.all(value.map((one: Value, index) => readOne(one, [name, index])))
    : readOne(value, [name]);
}

function evaluated(expression: Parameters<typeof evaluate>[0], scope: Scope): Evaluated {
  const value = evaluate(expression, scope);
  return { text: expression.text, value: asJson(value) };
}

/** Results of expressions are shown and compared; a secret in them becomes what it shows as. */
function asJson(value: Value): Evaluated['value'] {
  return JSON.parse(JSON.stringify(value)) as Evaluated['value'];
}

function destroyable(task: Task, scope: Scope): readonly string[] {
  if (task.allowDestroy === undefined) return [];
  const value = render(task.allowDestroy, scope);
  const names = Array.isArray(value) ? value : [value];
  return names.map((name: Value) => {
    if (typeof name === 'string') return name;
    throw fault({
      code: 'E_VALUE',
      message: `allow_destroy: expected a name or a list of names, found ${shown(name)}`,
      at: task.allowDestroy?.at ?? task.at,
    });
  });
}
