import { emptyRecord } from '../config/plain.ts';
import type { Value, Vars } from '../core/value.ts';
import type { Draft, GroupDraft, HostDraft } from './draft.ts';
import { familyOf, type Family } from './family.ts';
import { hideSecrets } from './hide-secrets.ts';
import { layerOf, type Layer } from './layer.ts';
import { variableNotes } from './notes.ts';
import type { Assignment, Group, Host, Inventory } from './types.ts';
import type { VarsFolder } from './vars-folder.ts';

/** Names that mean this machine where the inventory has none of them. */
export const LOCAL_NAMES: readonly string[] = ['localhost', '127.0.0.1', '::1'];

/** Variables that many hosts share, because they are in the same groups. */
interface Base {
  readonly groups: readonly string[];
  readonly layers: readonly Layer[];
  readonly vars: Vars;
}

interface Resolver {
  readonly draft: Draft;
  readonly family: Family;
  readonly folders: readonly VarsFolder[];
  /** The strongest layer of every host. */
  readonly top: readonly Layer[];
  readonly bases: Map<string, Base>;
}

/** Makes the inventory of a settled draft: variables merged in Ansible's order, nothing left to look up. */
export function resolveInventory(draft: Draft, folders: readonly VarsFolder[], extraVars: Vars = {}): Inventory {
  const hasExtra = Object.keys(extraVars).length > 0;
  const top = hasExtra ? [layerOf('the command line', extraVars, () => undefined)] : [];
  const resolver: Resolver = { draft, family: familyOf(draft), folders, top, bases: new Map() };
  const hosts = new Map<string, Host>();
  const layers = new Map<string, readonly Layer[]>();
  for (const host of draft.hosts.values()) addResolved(resolver, host, hosts, layers);
  const groups = new Map([...draft.groups.values()].map((group) => [group.name, resolveGroup(resolver, group)]));
  const implicit = implicitHosts(resolver, hosts, layers);
  const notes = [...draft.notes, ...variableNotes(draft, folders)].map(hideSecrets);
  return { hosts, groups, implicit, notes, explain: (name) => explain(layers.get(name) ?? []) };
}

function addResolved(
  resolver: Resolver,
  draft: HostDraft,
  hosts: Map<string, Host>,
  layersOf: Map<string, readonly Layer[]>,
): void {
  const base = baseOf(resolver, draft.groups);
  const files = resolver.folders.flatMap((folder) => folder.hosts.get(draft.name) ?? []);
  const own = [...draft.layers, ...files, ...resolver.top];
  const layers = own.length === 0 ? base.layers : [...base.layers, ...own];
  layersOf.set(draft.name, layers);
  hosts.set(draft.name, {
    name: draft.name,
    groups: base.groups,
    vars: own.length === 0 ? base.vars : merge(own, base.vars),
    at: draft.at,
    place: (variable, what) => placeOf(layers, variable, what),
  });
}

function baseOf(resolver: Resolver, direct: ReadonlySet<GroupDraft>): Base {
  const key = [...direct].map(({ name }) => name).join('\0');
  const known = resolver.bases.get(key);
  if (known !== undefined) return known;
  const all = resolver.draft.groups.get('all');
  const groups = inOrder(resolver.family, new Set([...direct].flatMap((group) => [...resolver.family.lineage(group)])));
  const files = (group: GroupDraft, folder: VarsFolder): readonly Layer[] => folder.groups.get(group.name) ?? [];
  const layers = [
    ...(all?.layers ?? []),
    ...groups.flatMap((group) => group.layers),
    ...resolver.folders.flatMap((folder) => (all === undefined ? [] : files(all, folder))),
    ...resolver.folders.flatMap((folder) => groups.flatMap((group) => files(group, folder))),
  ];
  const base: Base = { groups: groups.map(({ name }) => name).sort(), layers, vars: merge(layers) };
  resolver.bases.set(key, base);
  return base;
}

/** Groups without `all`, the weakest first: by depth, then priority, then name. */
function inOrder(family: Family, groups: ReadonlySet<GroupDraft>): readonly GroupDraft[] {
  return [...groups]
    .filter(({ name }) => name !== 'all')
    .sort((a, b) => family.depth(a) - family.depth(b) || a.priority - b.priority || (a.name < b.name ? -1 : 1));
}

/** Later layers win, value by value; values are never merged into each other. */
function merge(layers: readonly Layer[], base?: Vars): Vars {
  const vars = emptyRecord<Value>();
  if (base !== undefined) Object.assign(vars, base);
  for (const layer of layers) Object.assign(vars, layer.vars);
  return vars;
}

function placeOf(
  layers: readonly Layer[],
  ...[variable, what]: Parameters<Layer['place']>
): ReturnType<Layer['place']> {
  return layers.findLast(({ vars }) => Object.hasOwn(vars, variable))?.place(variable, what);
}

function resolveGroup({ family, folders }: Resolver, group: GroupDraft): Group {
  return {
    name: group.name,
    hosts: [...family.hosts(group)].map(({ name }) => name),
    direct: [...group.hosts].map(({ name }) => name),
    children: [...group.children].map(({ name }) => name),
    vars: merge([...group.layers, ...folders.flatMap((folder) => folder.groups.get(group.name) ?? [])]),
    depth: family.depth(group),
    priority: group.priority,
  };
}

/** `localhost` and its addresses: the host written under one of these names, or else this machine without a connection. */
function implicitHosts(
  resolver: Resolver,
  hosts: ReadonlyMap<string, Host>,
  layersOf: Map<string, readonly Layer[]>,
): ReadonlyMap<string, Host> {
  const written = [...hosts.values()].find(({ name }) => LOCAL_NAMES.includes(name));
  const implicit = new Map<string, Host>();
  for (const name of LOCAL_NAMES) {
    if (hosts.has(name)) continue;
    implicit.set(name, written ?? thisMachine(resolver, name, layersOf));
  }
  return implicit;
}

function thisMachine(resolver: Resolver, name: string, layersOf: Map<string, readonly Layer[]>): Host {
  const vars = emptyRecord<Value>();
  vars['ansible_connection'] = 'local';
  const layers = [
    ...baseOf(resolver, new Set()).layers,
    layerOf(`"${name}", which is this machine`, vars, () => undefined),
    ...resolver.folders.flatMap((folder) => folder.hosts.get(name) ?? []),
    ...resolver.top,
  ];
  layersOf.set(name, layers);
  return {
    name,
    groups: [],
    vars: merge(layers),
    at: undefined,
    place: (variable, what) => placeOf(layers, variable, what),
  };
}

function explain(layers: readonly Layer[]): ReadonlyMap<string, readonly Assignment[]> {
  const found = new Map<string, Assignment[]>();
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer.vars)) {
      const at = layer.place(name);
      const source = at === undefined ? layer.owner : `${layer.owner}, ${at.file}:${at.line}`;
      const list = found.get(name) ?? [];
      list.push({ source, value, ...(at && { at }) });
      found.set(name, list);
    }
  }
  return found;
}
