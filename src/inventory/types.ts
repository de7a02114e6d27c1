import type { Place, Problem } from '../core/problem.ts';
import type { Value, Vars } from '../core/value.ts';

/** A host with its variables merged as Ansible merges them. */
export interface Host {
  readonly name: string;
  /** All groups, ancestors included, without `all`, sorted. */
  readonly groups: readonly string[];
  readonly vars: Vars;
  readonly at: Place | undefined;
  /** Where the value that a variable has now, or its name, was written; undefined when no file says so. */
  readonly place?: (variable: string, what?: 'key' | 'value') => Place | undefined;
}

/** A group; `hosts` are the direct and inherited ones in inventory order. */
export interface Group {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly children: readonly string[];
  /** The group's own variables, those of `group_vars` included, those of its parents not. */
  readonly vars: Vars;
  /** Hosts written in the group itself. */
  readonly direct: readonly string[];
  /** Steps from `all` on the longest way; deeper groups win. */
  readonly depth: number;
  /** `ansible_group_priority`: among groups of one depth the higher wins; 1 when nothing is said. */
  readonly priority: number;
}

/** One place that gives a variable a value. */
export interface Assignment {
  /** For people: `group "web", inventory/hosts.yml:4`. */
  readonly source: string;
  readonly value: Value;
  readonly at?: Place;
}

/** A whole inventory in the order it was written. */
export interface Inventory {
  readonly hosts: ReadonlyMap<string, Host>;
  readonly groups: ReadonlyMap<string, Group>;
  /** Hosts that answer to their name without being written anywhere (`localhost` and its addresses); in no group. */
  readonly implicit?: ReadonlyMap<string, Host>;
  /** What is probably a mistake and yet not wrong, such as a `group_vars` file of no group. */
  readonly notes?: readonly Problem[];
  /** Where each value of a host's variable came from, innermost last; for `--explain`. */
  explain(host: string): ReadonlyMap<string, readonly Assignment[]>;
}

/** The host of a name, `localhost` included where the inventory does not write it. */
export function findHost(inventory: Inventory, name: string): Host | undefined {
  return inventory.hosts.get(name) ?? inventory.implicit?.get(name);
}
