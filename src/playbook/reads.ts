import { guardedPaths, pathsRead, type Expression } from '../config/expression.ts';
import { entriesOf, expressionsIn, type Template, type Tree } from '../config/template.ts';
import type { Frame, Play, Task } from './types.ts';

/** What a task reads that may differ from host to host. */
export interface Reads {
  /** Names of variables, those that other variables refer to included. */
  readonly vars: ReadonlySet<string>;
  /** Fields of `host`: `name`, `groups`. */
  readonly host: ReadonlySet<string>;
  /** Something reads all variables, or a host as a whole: every host is a case of its own. */
  readonly everything: boolean;
}

/** Every expression of a task: its own keywords, its arguments and those around it. */
export function expressionsOf(task: Task): readonly Expression[] {
  const templates = [
    task.loop,
    task.loopControl.label,
    task.notify,
    task.delegateTo,
    task.allowDestroy,
    task.become.user,
    ...task.environment,
  ];
  const params = [...task.plan.params.values()].flatMap((param) => {
    if (param.kind === 'tree') return expressionsIn(param.tree);
    return param.kind === 'expression' ? [param.expression] : param.expressions;
  });
  return [
    ...task.when,
    ...(task.until === undefined ? [] : [task.until]),
    ...(task.failedWhen ?? []),
    ...(task.changedWhen ?? []),
    ...(typeof task.ignoreErrors === 'boolean' ? [] : [task.ignoreErrors]),
    ...templates.flatMap((template) => (template === undefined ? [] : expressionsIn(template.tree))),
    ...params,
    ...(task.plan.whole === undefined ? [] : expressionsIn(task.plan.whole)),
  ];
}

/** What expressions read, followed through the variables of the play and the frames around. */
export function readsOf(
  expressions: readonly Expression[],
  frames: readonly Pick<Frame, 'vars'>[],
  play: Pick<Play, 'playVars'>,
): Reads {
  const vars = new Set<string>();
  const host = new Set<string>();
  let everything = false;
  const layers = [play.playVars, ...frames.flatMap((frame) => frame.vars)];
  const visit = (expression: Expression): void => {
    for (const [root, name] of pathsRead(expression)) {
      if (root === 'vars' && name !== undefined) visitName(name);
      else if (root === 'host' && name !== undefined && name !== 'vars') host.add(name);
      else if (root === 'vars' || root === 'host') everything = true;
    }
  };
  const visitName = (name: string): void => {
    if (vars.has(name)) return;
    vars.add(name);
    for (const tree of treesOf(name, layers)) for (const expression of expressionsIn(tree)) visit(expression);
  };
  for (const expression of expressions) visit(expression);
  return { vars, host, everything };
}

function treesOf(name: string, layers: readonly Template[]): readonly Tree[] {
  return layers.flatMap((layer) => entriesOf(layer.tree).get(name) ?? []);
}

/** Paths whose absence the conditions of a task or block provide for. */
export function guardedBy(node: Pick<Frame, 'when'>): ReadonlySet<string> {
  const known = guardedKnown.get(node);
  if (known !== undefined) return known;
  const paths = new Set(node.when.flatMap((condition) => [...guardedPaths(condition)]));
  guardedKnown.set(node, paths);
  return paths;
}

const guardedKnown = new WeakMap<object, ReadonlySet<string>>();
