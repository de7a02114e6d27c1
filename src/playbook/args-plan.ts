import { isRecord } from '../config/plain.ts';
import type { Expression } from '../config/expression.ts';
import { entriesOf, templateOf, type Template, type Tree } from '../config/template.ts';
import type { Place, Problem } from '../core/problem.ts';
import { expressionAt } from './conditions.ts';
import { elements, originOf, under, type Cursor } from './cursor.ts';
import type { FoundModule } from './module-key.ts';

/** One parameter as it will be bound. */
export type ParamPlan =
  | { readonly kind: 'tree'; readonly tree: Tree; readonly isLocalFile: boolean }
  | { readonly kind: 'expression'; readonly expression: Expression }
  | { readonly kind: 'expressions'; readonly expressions: readonly Expression[] };

/** Arguments as they will be bound: parameter by parameter, or as one expression that gives a mapping. */
export interface ArgsPlan {
  readonly params: ReadonlyMap<string, ParamPlan>;
  readonly whole: Tree | undefined;
  /** Nothing in them depends on a host: they are bound once. */
  readonly isFixed: boolean;
  /** Where what lies under a path of the bound arguments was written. */
  place(path: readonly (string | number)[], what?: 'key' | 'value'): Place;
}

/** Takes a task's arguments apart; wrong expressions are added to the problems. */
export function planArgs(
  found: FoundModule,
  problems: Problem[],
): { readonly args: Template; readonly plan: ArgsPlan } {
  const free = freeParameter(found);
  return free === undefined ? planMapping(found, problems) : planFree(found, free, problems);
}

/** The parameter that takes what was written in place of a mapping; undefined where a mapping was written. */
function freeParameter({ module, args: { value } }: FoundModule): string | undefined {
  return isRecord(value) || value === undefined || value === null ? undefined : module.freeForm;
}

function planFree(
  { module, args }: FoundModule,
  name: string,
  problems: Problem[],
): { args: Template; plan: ArgsPlan } {
  const expression = module.expressions?.includes(name) === true ? expressionPlan(args, problems) : undefined;
  const template = templateOf(expression === undefined ? args.value : null, originOf(args), [], problems);
  const param = expression ?? {
    kind: 'tree',
    tree: template.tree,
    isLocalFile: module.localFiles?.includes(name) === true,
  };
  const place: ArgsPlan['place'] = (path, what) => template.place(path.slice(1), path.length > 1 ? what : 'value');
  return {
    args: template,
    plan: { params: new Map([[name, param]]), whole: undefined, isFixed: isFixed(param), place },
  };
}

function planMapping({ module, args }: FoundModule, problems: Problem[]): { args: Template; plan: ArgsPlan } {
  const names = module.expressions ?? [];
  const template = templateOf(withoutKeys(args, names).value ?? null, originOf(args), [], problems);
  const params = new Map<string, ParamPlan>();
  for (const name of names) {
    const plan = expressionPlan(under(args, name), problems);
    if (plan !== undefined) params.set(name, plan);
  }
  for (const [name, tree] of entriesOf(template.tree)) {
    params.set(name, { kind: 'tree', tree, isLocalFile: module.localFiles?.includes(name) === true });
  }
  const whole = template.tree.kind === 'map' || template.tree.kind === 'plain' ? undefined : template.tree;
  const fixed = whole === undefined && [...params.values()].every(isFixed);
  return { args: template, plan: { params, whole, isFixed: fixed, place: (path, what) => template.place(path, what) } };
}

function isFixed(param: ParamPlan): boolean {
  return param.kind === 'tree' && param.tree.kind === 'plain' && !param.isLocalFile;
}

function withoutKeys(cursor: Cursor, names: readonly string[]): Cursor {
  if (!isRecord(cursor.value)) return cursor;
  const value: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(cursor.value)) if (!names.includes(key)) value[key] = inner;
  return { ...cursor, value };
}

function expressionPlan(cursor: Cursor, problems: Problem[]): ParamPlan | undefined {
  if (cursor.value === undefined) return undefined;
  if (Array.isArray(cursor.value)) {
    const expressions = elements(cursor).map((element) => expressionAt(element, problems));
    return { kind: 'expressions', expressions: expressions.filter((expression) => expression !== undefined) };
  }
  const expression = expressionAt(cursor, problems);
  if (expression !== undefined) return { kind: 'expression', expression };
  // Whatever it is, the module's schema says what it should have been.
  return { kind: 'tree', tree: templateOf(cursor.value, originOf(cursor), [], []).tree, isLocalFile: false };
}
