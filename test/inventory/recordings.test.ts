import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/core/problem.ts';
import { loadInventory } from '../../src/inventory/load.ts';
import { selectHosts } from '../../src/inventory/pattern.ts';
import { graph, listing, plainVars } from '../../src/inventory/show.ts';
import { findHost, type Inventory } from '../../src/inventory/types.ts';

const ROOT = join(import.meta.dirname, 'recordings');

interface Case {
  about: string;
  sources: string[];
  playbook?: string;
  /** Patterns whose order Ansible takes from a set of groups, so that it means nothing. */
  anyOrder?: string[];
  /** Looked at in differences.test.ts. */
  differs?: unknown;
}

interface Listing {
  _meta: { hostvars: Record<string, Record<string, unknown>> };
}

interface Answer {
  hosts: string[];
  unmatched?: string[];
}

interface Recorded {
  list: Listing;
  graph: string;
  hosts: Record<string, Record<string, unknown>>;
  lists: Record<string, Listing>;
  patterns: Record<string, Answer>;
  limits: ({ pattern: string; limit: string } & Answer)[];
}

function load(name: string, known: Case): Promise<Inventory> {
  const { signal } = new AbortController();
  const cwd = join(ROOT, name);
  return loadInventory(known.sources, { cwd, signal, ...(known.playbook && { playbookDir: known.playbook }) });
}

function json(...path: string[]): unknown {
  return JSON.parse(readFileSync(join(ROOT, ...path), 'utf8'));
}

/** Ansible's markers of its own reader are no data, its `localhost` has a Python, and it prints passwords. */
function expected(list: Listing): Listing {
  return { ...list, _meta: { hostvars: comparable(list._meta.hostvars) } };
}

function comparable<T>(value: T): T {
  const text = JSON.stringify(value, (name, inner: unknown) => {
    if (/^ansible_.*pass(word)?$/.test(name)) return '***';
    if (name === 'ansible_python_interpreter' && String(inner).endsWith('/venv/bin/python3')) return undefined;
    return isMarked(inner) ? inner.__ansible_unsafe : inner;
  });
  return JSON.parse(text) as T;
}

function isMarked(value: unknown): value is { __ansible_unsafe: string } {
  return typeof value === 'object' && value !== null && '__ansible_unsafe' in value;
}

function sorted(names: string[]): string[] {
  return [...names].sort();
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe('copse reads an inventory as Ansible does:', () => {
  for (const name of readdirSync(ROOT)) {
    const known = json(name, 'case.json') as Case;
    if (known.differs !== undefined) continue;
    const recorded = json(name, 'recorded.json') as Recorded;

    it(`${name}, ${known.about}`, async () => {
      const inventory = await load(name, known);

      expect(plain(listing(inventory))).toEqual(expected(recorded.list));
      expect(`${graph(inventory, 'all', false)}\n`).toBe(recorded.graph);
      for (const [host, vars] of Object.entries(recorded.hosts)) {
        expect(plain(plainVars(findHost(inventory, selectHosts(inventory, host)[0] ?? '')?.vars ?? {}))).toEqual(
          comparable(vars),
        );
      }
    });

    it.each(Object.entries(recorded.patterns))(`${name}: the pattern %j`, async (pattern, answer) => {
      const inventory = await load(name, known);

      const order = known.anyOrder?.includes(pattern) === true ? sorted : (names: string[]): string[] => names;
      expect(order(select(inventory, pattern))).toEqual(order(answer.hosts));
    });

    it.each(recorded.limits)(`${name}: $pattern limited to $limit`, async ({ pattern, limit, hosts }) => {
      const inventory = await load(name, known);

      expect(selectHosts(inventory, pattern, { limit, cwd: join(ROOT, name) })).toEqual(hosts);
    });

    it.each(Object.entries(recorded.lists))(`${name}: --list limited to %s`, async (limit, list) => {
      const inventory = await load(name, known);
      const only = new Set(selectHosts(inventory, 'all', { limit }));

      expect(plain(listing(inventory, only))).toEqual(expected(list));
    });
  }
});

/** Where Ansible only warns that nothing matched, copse refuses. */
function select(inventory: Inventory, pattern: string): string[] {
  try {
    return selectHosts(inventory, pattern);
  } catch (error) {
    expect(error).toBeInstanceOf(Fault);
    return [];
  }
}
