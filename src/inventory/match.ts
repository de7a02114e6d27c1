import { globTest, isGlob, regexTest } from './glob.ts';
import type { Inventory } from './types.ts';

/** Hosts that a term stands for; or why it stands for none. */
export type Match =
  | { readonly hosts: readonly string[] }
  | { readonly unknown: string }
  | { readonly wrong: string; readonly hint: string };

const SUBSCRIPT = /^(.+)\[(?:(-?\d+)|(\d+):(\d*))\]$/;

/**
 * Finds the hosts of one term of a pattern, its sign taken off, in the order in which Ansible lists them. A `[ ]` at the end
 * picks from what stands before it; where that is nothing it is a class of characters, as in `web0[12]`.
 */
export function matchTerm(inventory: Inventory, text: string): Match {
  if (text.startsWith('~')) return matchRegex(inventory, text);
  const exact = byName(inventory, text);
  if (exact !== undefined) return { hosts: exact };
  const subscript = SUBSCRIPT.exec(text);
  if (subscript === null) return matchGlob(inventory, text);
  const [, base = '', index, from, to] = subscript;
  const named = byName(inventory, base);
  const found = named === undefined ? matchGlob(inventory, base) : { hosts: named };
  if (!('hosts' in found)) return matchGlob(inventory, text);
  return index === undefined
    ? slice(text, found.hosts, Number(from), to)
    : pick(text, base, found.hosts, Number(index));
}

function byName(inventory: Inventory, name: string): readonly string[] | undefined {
  const group = inventory.groups.get(name);
  if (group !== undefined) return group.hosts;
  if (inventory.hosts.has(name)) return [name];
  const implicit = inventory.implicit?.get(name);
  return implicit === undefined ? undefined : [implicit.name];
}

function matchRegex(inventory: Inventory, text: string): Match {
  const test = regexTest(text.slice(1));
  if (test === undefined) {
    return { wrong: `"${text}" is no regular expression`, hint: 'check its brackets and parentheses' };
  }
  return matching(inventory, text, test);
}

function matchGlob(inventory: Inventory, text: string): Match {
  return isGlob(text) ? matching(inventory, text, globTest(text)) : { unknown: text };
}

/** Hosts of all groups whose names match, then hosts whose own names match. */
function matching(inventory: Inventory, text: string, test: (name: string) => boolean): Match {
  const hosts = new Set<string>();
  let known = false;
  for (const group of inventory.groups.values()) {
    if (!test(group.name)) continue;
    known = true;
    for (const host of group.hosts) hosts.add(host);
  }
  for (const name of inventory.hosts.keys()) if (test(name)) hosts.add(name);
  return known || hosts.size > 0 ? { hosts: [...hosts] } : { unknown: text };
}

function pick(text: string, base: string, hosts: readonly string[], index: number): Match {
  const host = hosts.at(index);
  if (host !== undefined) return { hosts: [host] };
  return {
    wrong: `"${text}" asks for host ${index} of "${base}", which has ${hosts.length}`,
    hint: hosts.length === 0 ? 'leave the [ ] out' : `the first is ${base}[0], the last ${base}[${hosts.length - 1}]`,
  };
}

/** Both ends belong to the slice; an end beyond the last host means the last. */
function slice(text: string, hosts: readonly string[], from: number, to: string | undefined): Match {
  const chosen = hosts.slice(from, to === undefined || to === '' ? undefined : Number(to) + 1);
  if (chosen.length > 0) return { hosts: chosen };
  return {
    wrong: `"${text}" takes nothing out of ${hosts.length} hosts`,
    hint: 'both numbers count from 0 and belong to it',
  };
}
