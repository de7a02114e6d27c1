import { entriesOf, expressionsIn, renderTree, templateOf, type Template, type Tree } from '../config/template.ts';
import { emptyRecord } from '../config/plain.ts';
import { entry } from '../config/values.ts';
import { Secret } from '../core/secret.ts';
import type { Facts } from '../core/facts.ts';
import { fault, type Place, type Problem } from '../core/problem.ts';
import type { Value, Vars } from '../core/value.ts';
import type { Host, Inventory } from '../inventory/types.ts';
import { createTrail, findIn, lazyRecord, type Layer } from './lazy-vars.ts';
import type { Frame, Play, Scope } from './types.ts';

/** Everything that the names of an expression come from. */
export interface ScopeInput {
  readonly play: Pick<Play, 'playVars'>;
  readonly frame: Pick<Frame, 'vars'>;
  readonly host: Host;
  readonly inventory: Inventory;
  /** Absent before they are read. */
  readonly facts: Facts | undefined;
  /** Registered results by name. */
  readonly registered: Vars;
  /** Answers of `vars_prompt`. */
  readonly prompted: Vars;
  readonly extraVars: Vars;
  readonly run: { readonly id: string; readonly check: boolean };
  /** Names of the loops around: `item`, `index`. */
  readonly locals: Vars;
}

/**
 * The names an expression sees on one host. Variables, weakest first: inventory, play `vars`, `vars_files`, `vars_prompt`, and then from
 * the outside in blocks, imports and the task itself; `-e` beats them all. A `${{ }}` inside a variable is evaluated when it is read.
 */
export function scopeFor(input: ScopeInput): Scope {
  const { host, inventory, facts, registered, locals, run } = input;
  const shared = namesOf(inventory);
  const scope: Record<string, Value> = {
    ...registered,
    ...locals,
    host: hostValue(host),
    groups: shared.groups,
    hosts: shared.hosts,
    run: { id: run.id, check: run.check },
  };
  if (facts !== undefined) scope['facts'] = facts as unknown as Value;
  const vars = layered(layersOf(input), scope);
  scope['vars'] = vars;
  return scope;
}

/** The sources of a host's variables, strongest first. */
export function layersOf({
  play,
  frame,
  host,
  inventory,
  prompted,
  extraVars,
}: Omit<ScopeInput, 'facts' | 'registered' | 'locals' | 'run'>): readonly Layer[] {
  return [
    plainLayer(extraVars),
    ...frame.vars.map(templateLayer).toReversed(),
    plainLayer(prompted),
    templateLayer(play.playVars),
    inventoryLayer(host, inventory),
  ];
}

const plainLayer = oncePer((vars: Vars): Layer => ({
  names: () => Object.keys(vars),
  find: (name) => (Object.hasOwn(vars, name) ? { kind: 'plain', value: entry(vars, name) } : undefined),
}));

const templateLayer = oncePer((template: Template): Layer => {
  const entries = entriesOf(template.tree);
  return { names: () => entries.keys(), find: (name) => entries.get(name) };
});

const inventoryLayers = new WeakMap<Host, Layer>();

/** Inventory variables may hold `${{ }}` too; they are parsed when first read. */
function inventoryLayer(host: Host, inventory: Inventory): Layer {
  const known = inventoryLayers.get(host);
  if (known !== undefined) return known;
  const trees = new Map<string, Tree>();
  const find = (name: string): Tree | undefined => {
    if (!Object.hasOwn(host.vars, name)) return undefined;
    const tree = trees.get(name) ?? inventoryTree(name, entry(host.vars, name), host, inventory);
    trees.set(name, tree);
    return tree;
  };
  const made: Layer = { names: () => Object.keys(host.vars), find };
  inventoryLayers.set(host, made);
  return made;
}

function inventoryTree(name: string, value: Value, host: Host, inventory: Inventory): Tree {
  if (!mayHoldTemplate(value)) return { kind: 'plain', value };
  const source = inventory.explain(host.name).get(name)?.at(-1)?.source ?? `variable "${name}" of ${host.name}`;
  const at: Place = host.place?.(name) ?? { file: source, line: 1, col: 1 };
  return templateOf(value, { place: () => at, inside: () => at }, [], []).tree;
}

/** True where `${{ }}`, or Jinja that was meant to be evaluated, may stand in a value. */
export function mayHoldTemplate(value: Value): boolean {
  if (typeof value === 'string') return /\{[{%]/.test(value);
  return (
    typeof value === 'object' && value !== null && !(value instanceof Secret) && /\{[{%]/.test(JSON.stringify(value))
  );
}

/** Remembers what a function made of an object for as long as the object lives. */
function oncePer<Key extends object, Made>(make: (key: Key) => Made): (key: Key) => Made {
  const made = new WeakMap<Key, Made>();
  return (key) => {
    const known = made.get(key) ?? make(key);
    made.set(key, known);
    return known;
  };
}

/** Variables that are looked up, and evaluated, only when something reads them. */
function layered(layers: readonly Layer[], scope: Scope): Vars {
  const values = new Map<string, Value>();
  const follow = createTrail<Value>((names) => goesInCircles(names, findIn(layers, names[0] ?? '')));
  const read = (name: string): Value => {
    const known = values.get(name);
    if (known !== undefined) return known;
    const tree = findIn(layers, name) ?? NOTHING;
    if (tree.kind === 'plain') return tree.value;
    const value = follow(name, () => renderTree(tree, scope));
    values.set(name, value);
    return value;
  };
  return lazyRecord(
    () => layers.flatMap((layer) => [...layer.names()]),
    (name) => findIn(layers, name) !== undefined,
    read,
  );
}

const NOTHING: Tree = { kind: 'plain', value: null };

function goesInCircles(names: readonly string[], tree: Tree | undefined): never {
  throw fault(circleProblem(names, tree));
}

/** Variables that need each other to be evaluated. */
export function circleProblem(names: readonly string[], tree: Tree | undefined): Problem {
  const at = tree === undefined ? undefined : expressionsIn(tree)[0]?.at;
  const message = `variables refer to each other in a circle: ${names.map((name) => `vars.${name}`).join(' -> ')}`;
  return { code: 'E_EXPR', message, hint: 'give one of them a value of its own', ...(at === undefined ? {} : { at }) };
}

/** `host` as expressions see it. */
export function hostValue(host: Host): Value {
  const known = hostValues.get(host);
  if (known !== undefined) return known;
  const value: Value = { name: host.name, groups: host.groups, vars: host.vars };
  hostValues.set(host, value);
  return value;
}

const hostValues = new WeakMap<Host, Value>();
const inventoryNames = new WeakMap<Inventory, { groups: Vars; hosts: Vars }>();

/** `groups` (names of their hosts) and `hosts` (their variables), made once per inventory. */
export function namesOf(inventory: Inventory): { readonly groups: Vars; readonly hosts: Vars } {
  const known = inventoryNames.get(inventory);
  if (known !== undefined) return known;
  const groups = emptyRecord<Value>();
  const hosts = emptyRecord<Value>();
  for (const [name, group] of inventory.groups) groups[name] = group.hosts;
  for (const [name, host] of inventory.hosts) hosts[name] = host.vars;
  const made = { groups, hosts };
  inventoryNames.set(inventory, made);
  return made;
}
