import { keyOf, entry } from '../config/values.ts';
import type { Vars } from '../core/value.ts';
import type { Host } from '../inventory/types.ts';
import type { Reads } from './reads.ts';
import { mayHoldTemplate } from './vars.ts';

/** Hosts that a task cannot tell apart: checking one of them checks all. */
export interface HostClass {
  readonly host: Host;
  readonly names: readonly string[];
}

/** Sorts the hosts of a play by what tasks read of them; each set of names is sorted once. */
export function hostClasses(hosts: readonly Host[]): (reads: Reads) => readonly HostClass[] {
  const known = new Map<string, readonly HostClass[]>();
  const number = numbering();
  return (reads) => {
    const signature = reads.everything
      ? '*'
      : [...reads.vars].toSorted().join(' ') + '|' + [...reads.host].toSorted().join(' ');
    const classes = known.get(signature) ?? classify(hosts, reads, number);
    known.set(signature, classes);
    return classes;
  };
}

function classify(
  hosts: readonly Host[],
  reads: Reads,
  number: (vars: Vars, name: string) => number,
): readonly HostClass[] {
  const names = [...reads.vars];
  const classes = new Map<string, { host: Host; names: string[] }>();
  for (const host of hosts) {
    const key = isOfItsOwn(host, reads) ? `=${host.name}` : keyFor(host, names, reads, number);
    const found = classes.get(key);
    if (found === undefined) classes.set(key, { host, names: [host.name] });
    else found.names.push(host.name);
  }
  return [...classes.values()];
}

/** A host whose variables hold `${{ }}` may read anything. */
function isOfItsOwn(host: Host, reads: Reads): boolean {
  return (
    reads.everything ||
    reads.host.has('name') ||
    [...reads.vars].some((name) => mayHoldTemplate(entry(host.vars, name)))
  );
}

function keyFor(
  host: Host,
  names: readonly string[],
  reads: Reads,
  number: (vars: Vars, name: string) => number,
): string {
  const groups = reads.host.has('groups') ? host.groups.join(',') : '';
  return `${names.map((name) => number(host.vars, name)).join(',')};${groups}`;
}

/** Gives equal values of a variable equal numbers, so that keys of hosts stay short. */
function numbering(): (vars: Vars, name: string) => number {
  const numbers = new Map<string, number>();
  const seen = new WeakMap<Vars, Map<string, number>>();
  return (vars, name) => {
    if (!Object.hasOwn(vars, name)) return -1;
    const own = seen.get(vars) ?? new Map<string, number>();
    seen.set(vars, own);
    const known = own.get(name);
    if (known !== undefined) return known;
    const key = keyOf(entry(vars, name));
    const made = numbers.get(key) ?? numbers.size;
    numbers.set(key, made);
    own.set(name, made);
    return made;
  };
}
