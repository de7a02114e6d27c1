import type { Json, JsonObject } from '../core/json.ts';
import { emptyRecord } from '../config/plain.ts';
import { Secret } from '../core/secret.ts';
import type { Value, Vars } from '../core/value.ts';
import type { Inventory } from './types.ts';

/** The inventory in the JSON that `ansible-inventory --list` prints and dynamic inventories print; secrets are `***`. */
export function listing(inventory: Inventory, only?: ReadonlySet<string>): JsonObject {
  const shown = (name: string): boolean => only === undefined || only.has(name);
  const hostvars = emptyRecord<Json>();
  for (const host of inventory.groups.get('all')?.hosts ?? []) {
    const vars = inventory.hosts.get(host)?.vars ?? {};
    if (shown(host) && Object.keys(vars).length > 0) hostvars[host] = plainVars(vars);
  }
  const result = emptyRecord<Json>();
  result['_meta'] = { hostvars };
  for (const group of inventory.groups.values()) {
    const hosts = group.name === 'all' ? [] : group.direct.filter(shown);
    const children = group.children;
    if (hosts.length === 0 && children.length === 0) continue;
    result[group.name] = { ...(children.length > 0 && { children }), ...(hosts.length > 0 && { hosts }) };
  }
  return result;
}

/** Groups and hosts as a tree, as `ansible-inventory --graph` draws it; `only` leaves hosts out. */
export function graph(inventory: Inventory, start: string, showVars: boolean, only?: ReadonlySet<string>): string {
  const lines: string[] = [];
  drawGroup({ inventory, showVars, only, lines }, start, 0);
  return lines.join('\n');
}

interface Drawing {
  readonly inventory: Inventory;
  readonly showVars: boolean;
  readonly only: ReadonlySet<string> | undefined;
  readonly lines: string[];
}

function drawGroup(drawing: Drawing, name: string, depth: number): void {
  const { inventory, showVars, only, lines } = drawing;
  const group = inventory.groups.get(name);
  if (group === undefined) return;
  lines.push(branch(`@${name}:`, depth));
  for (const child of group.children) drawGroup(drawing, child, depth + 1);
  const hosts = name === 'all' ? [] : group.direct.filter((host) => only === undefined || only.has(host));
  for (const host of hosts) {
    lines.push(branch(host, depth + 1));
    if (showVars) lines.push(...drawVars(inventory.hosts.get(host)?.vars ?? {}, depth + 2));
  }
  if (showVars) lines.push(...drawVars(group.vars, depth + 1));
}

function drawVars(vars: Vars, depth: number): readonly string[] {
  return Object.keys(vars)
    .sort()
    .map((name) => branch(`{${name} = ${showValue(vars[name] ?? null)}}`, depth));
}

function branch(text: string, depth: number): string {
  return depth === 0 ? text : `${'  |'.repeat(depth)}--${text}`;
}

/** A value in one line: text as it is, everything else as JSON, secrets as `***`. */
export function showValue(value: Value): string {
  const shown = plain(value);
  return typeof shown === 'string' ? shown : JSON.stringify(shown);
}

/** Variables as plain JSON; secrets are `***`. */
export function plainVars(vars: Vars): JsonObject {
  const result = emptyRecord<Json>();
  for (const [name, value] of Object.entries(vars)) result[name] = plain(value);
  return result;
}

function plain(value: Value): Json {
  if (value instanceof Secret) return String(value);
  if (Array.isArray(value)) return value.map((item: Value) => plain(item));
  return typeof value === 'object' && value !== null ? plainVars(value as Vars) : value;
}

/** JSON with sorted keys, four spaces deep, as Ansible prints it. */
export function showJson(value: Json): string {
  return JSON.stringify(sorted(value), null, 4);
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => sorted(item));
  if (typeof value !== 'object' || value === null) return value;
  const result = emptyRecord<Json>();
  for (const name of Object.keys(value).sort()) result[name] = sorted((value as JsonObject)[name] ?? null);
  return result;
}
