import type { Place } from '../core/problem.ts';
import type { Vars } from '../core/value.ts';

/** A host with its variables merged as Ansible merges them. */
export interface Host {
  readonly name: string;
  /** All groups, ancestors included, without `all`, sorted. */
  readonly groups: readonly string[];
  readonly vars: Vars;
  readonly at: Place | undefined;
}

/** A group; `hosts` are the direct and inherited ones in inventory order. */
export interface Group {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly children: readonly string[];
  readonly vars: Vars;
}

/** A whole inventory in the order it was written. */
export interface Inventory {
  readonly hosts: ReadonlyMap<string, Host>;
  readonly groups: ReadonlyMap<string, Group>;
  /** Where each value of a host's variable came from, innermost last; for `--explain`. */
  explain(
    host: string,
  ): ReadonlyMap<string, readonly { readonly source: string; readonly value: import('../core/value.ts').Value }[]>;
}
