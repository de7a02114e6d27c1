import { checkExpression, type CheckOptions, type Expression } from '../config/expression.ts';
import { certain, type Finding, type Known, type Reader, type Scope } from '../config/cel-run.ts';
import { problemsIn, renderKnown, type Tree } from '../config/template.ts';
import { ANY, hasUnknown, STRING, Unknown } from '../config/type.ts';
import { textOfPieces } from '../config/values.ts';
import { typeOfSchema } from '../config/zod-schema.ts';
import { Facts } from '../core/facts.ts';
import type { Vars } from '../core/value.ts';
import type { Host, Inventory } from '../inventory/types.ts';
import type { Frame, Play } from './types.ts';
import { emptyRecord } from '../config/plain.ts';
import { createTrail, findIn, lazyRecord } from './lazy-vars.ts';
import { circleProblem, hostValue, layersOf, namesOf } from './vars.ts';

const FACTS = new Unknown(typeOfSchema(Facts, 'facts'));

/** What is known on one host before anything was asked: its variables, and the types of what comes later. */
export interface CheckScope {
  readonly scope: Scope;
  /** Evaluates an expression; what it finds is added to `found`. */
  check(expression: Expression, options?: CheckOptions): Known;
  /** Evaluates a part of a template. */
  render(tree: Tree, options?: CheckOptions): Known;
  readonly found: Finding[];
}

/** Everything a check scope is made of. */
export interface CheckScopeInput {
  readonly play: Play;
  readonly frame: Pick<Frame, 'vars'>;
  readonly host: Host;
  readonly inventory: Inventory;
  readonly extraVars: Vars;
  /** What earlier tasks registered, unknown but typed. */
  readonly registered: Scope;
  /** Loop variables around. */
  readonly locals: Scope;
}

/** The scope of an expression before the run: facts, results and prompted values are unknown, but typed. */
export function checkScope(input: CheckScopeInput): CheckScope {
  const { host, inventory, registered, locals } = input;
  const found: Finding[] = [];
  // Inherited, not copied: there may be hundreds of results, and thousands of hosts.
  const scope: Record<string, Known> = Object.create(registered);
  const check = (expression: Expression, options: CheckOptions = {}): Known => {
    const checked = checkExpression(expression, scope, { ...options, readers });
    found.push(...checked.findings);
    return checked.value;
  };
  const render = (tree: Tree, options: CheckOptions = {}): Known =>
    renderKnown(tree, (one) => check(one, options), textOf);
  const { vars, reader } = variables(input, render, found);
  const readers = new Map<object, Reader>([[vars, reader]]);
  Object.assign(scope, locals, { vars, facts: FACTS, host: hostValue(host), ...namesOf(inventory), run: RUN });
  return { scope, check, render, found };
}

/** The variables; those that are asked for are unknown text, and the others are evaluated as surely as they are read. */
function variables(
  input: CheckScopeInput,
  render: (tree: Tree, options?: CheckOptions) => Known,
  found: Finding[],
): { vars: Scope; reader: Reader } {
  const layers = layersOf({ ...input, prompted: emptyRecord() });
  const stronger = layers.slice(0, 1 + input.frame.vars.length);
  const asked = new Set(
    input.play.prompts.map(({ name }) => name).filter((name) => findIn(stronger, name) === undefined),
  );
  const follow = createTrail<Known>((names) => {
    const tree = findIn(layers, names[0] ?? '');
    found.push({ kind: 'name', certainty: 'sure', problem: circleProblem(names, tree) });
    return new Unknown(ANY);
  });
  const read = (name: string, options: CheckOptions): Known => {
    const tree = findIn(layers, name);
    if (asked.has(name)) return new Unknown(STRING);
    if (tree === undefined) return new Unknown(ANY);
    if (tree.kind === 'plain') return tree.value;
    for (const problem of problemsIn(tree)) found.push({ kind: 'name', certainty: 'sure', problem });
    return follow(name, () => render(tree, options));
  };
  const names = () => [...layers.flatMap((layer) => [...layer.names()]), ...asked];
  const vars = lazyRecord<Known>(
    names,
    (name) => asked.has(name) || findIn(layers, name) !== undefined,
    (name) => read(name, {}),
  );
  return { vars, reader: (key, on) => read(key, { certainty: on.certainty, guarded: on.check?.guarded ?? NO_PATHS }) };
}

const NO_PATHS: ReadonlySet<string> = new Set();

const RUN: Known = { id: new Unknown(STRING), check: new Unknown({ kind: 'bool' }) };

function textOf(pieces: readonly Known[]): Known {
  return pieces.some(hasUnknown) ? new Unknown(STRING) : textOfPieces(pieces.map(certain));
}
