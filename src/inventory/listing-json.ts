import { emptyRecord, isRecord } from '../config/plain.ts';
import type { Path } from '../config/source.ts';
import type { Place } from '../core/problem.ts';
import type { Value, Vars } from '../core/value.ts';
import { addChild, addGroup, addHost, type Draft, type GroupDraft } from './draft.ts';
import { addGroupLayer } from './group-vars.ts';
import { layerOf } from './layer.ts';

/** Where a listing comes from. */
export interface ListingOrigin {
  /** For messages: `the output of "hosts.py"`. */
  readonly label: string;
  at(path: Path): Place | undefined;
}

/** Hosts whose variables are still to be asked for, one by one. */
export interface OpenHosts {
  readonly names: readonly string[];
  setVars(name: string, vars: unknown): void;
}

/**
 * Reads the JSON of dynamic inventories, which `ansible-inventory --list` prints too: groups with lists of `hosts` and
 * `children`, and the variables of hosts under `_meta.hostvars`. Without these the hosts are returned.
 */
export function readListing(draft: Draft, root: unknown, origin: ListingOrigin): OpenHosts | undefined {
  const reader: Reader = { draft, origin, names: new Set() };
  const groups = isRecord(root) ? Object.entries(root) : [];
  for (const [name, body] of groups) if (name !== '_meta') readGroup(reader, name, body);
  const meta = isRecord(root) ? root['_meta'] : undefined;
  const hostvars = isRecord(meta) ? meta['hostvars'] : undefined;
  if (meta !== undefined && !isRecord(hostvars)) {
    complain(
      reader,
      ['_meta', 'hostvars'],
      '"_meta" must hold a mapping "hostvars"',
      'print: "_meta": {"hostvars": {}}',
    );
  } else if (!isRecord(hostvars)) {
    return { names: [...reader.names], setVars: (name, vars) => setVars(reader, name, vars, [name]) };
  } else {
    for (const name of reader.names) {
      if (Object.hasOwn(hostvars, name)) setVars(reader, name, hostvars[name], ['_meta', 'hostvars', name]);
    }
  }
  return undefined;
}

interface Reader {
  readonly draft: Draft;
  readonly origin: ListingOrigin;
  /** Hosts of this listing, in order. */
  readonly names: Set<string>;
}

function readGroup(reader: Reader, name: string, body: unknown): void {
  const group = addGroup(reader.draft, name);
  const { hosts, vars, children } = normalise(name, body);
  readHosts(reader, group, hosts);
  if (isRecord(vars)) {
    addGroupLayer(reader.draft, group, vars as Vars, (variable) => reader.origin.at([name, 'vars', variable]));
  } else if (vars !== undefined) {
    complain(reader, [name, 'vars'], `"${name}.vars" must be a mapping`, 'print an object of names and values');
  }
  for (const child of names(reader, children, [name, 'children'])) {
    addChild(reader.draft, group, addGroup(reader.draft, child), reader.origin.at([name, 'children']));
  }
}

/** Short forms: a list is the hosts; a mapping with none of the three keys is one host, named like the group. */
function normalise(name: string, body: unknown): { hosts?: unknown; vars?: unknown; children?: unknown } {
  if (!isRecord(body)) return { hosts: body };
  const isGroup = ['hosts', 'vars', 'children'].some((key) => Object.hasOwn(body, key));
  return isGroup ? body : { hosts: [name], vars: body };
}

function readHosts(reader: Reader, group: GroupDraft, hosts: unknown): void {
  for (const name of names(reader, hosts, [group.name, 'hosts'])) {
    reader.names.add(name);
    addHost(reader.draft, name, group, reader.origin.at([group.name, 'hosts']));
  }
}

function names(reader: Reader, value: unknown, path: Path): readonly string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return value;
  complain(reader, path, `"${path.join('.')}" must be a list of names`, 'print an array of strings');
  return [];
}

function setVars(reader: Reader, name: string, vars: unknown, path: Path): void {
  if (!isRecord(vars)) {
    complain(reader, path, `the variables of host "${name}" must be a mapping`, 'print an object');
    return;
  }
  const own = Object.assign(emptyRecord<Value>(), vars);
  const layer = layerOf(`host "${name}"`, own, (variable) => reader.origin.at([...path, variable]));
  reader.draft.hosts.get(name)?.layers.push(layer);
}

function complain({ draft, origin }: Reader, path: Path, what: string, hint: string): void {
  const at = origin.at(path);
  draft.problems.push({ code: 'E_INVENTORY', message: `${what} in ${origin.label}`, hint, ...(at && { at }) });
}
