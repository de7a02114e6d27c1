import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  IGNORED_VARIABLES,
  OWN_NAMES,
  SETTINGS,
  UNSUPPORTED_VARIABLES,
} from '../../src/inventory/connection-variables.ts';
import { connectionProblems, hostSpec } from '../../src/inventory/host-spec.ts';
import { loadFrom } from './support/files.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('the example inventory', () => {
  const examples: readonly [file: string, hosts: number][] = [
    ['inventory/first.yaml', 2],
    ['inventory/fleet.yaml', 65],
    ['inventory/ansible.ini', 5],
    ['inventory/site', 13],
    ['inventory/cloud.sh', 2],
  ];
  it.each(examples)('%s loads without a note, and says how to reach all its %d hosts', async (file, count) => {
    const inventory = await loadFrom(ROOT, [file]);

    expect(inventory.notes).toEqual([]);
    expect(connectionProblems(inventory.hosts.values())).toEqual([]);
    expect(inventory.hosts.size).toBe(count);
  });

  it('inventory/site gives its kiosks an address made from their names', async () => {
    const inventory = await loadFrom(ROOT, ['inventory/site']);
    const specs = ['kiosk01.shop.example', 'till.shop.example'].map((name) => {
      const host = inventory.hosts.get(name);
      return host && hostSpec(host);
    });

    expect(specs).toEqual([
      { name: 'kiosk01.shop.example', address: 'kiosk01.shop.example.internal', user: 'admin' },
      { name: 'till.shop.example', address: '192.0.2.30', user: 'admin' },
    ]);
  });
});

describe('docs/inventory.md', () => {
  const text = readFileSync(join(ROOT, 'docs/inventory.md'), 'utf8');
  const names = [
    ...OWN_NAMES,
    ...Object.values(SETTINGS).flatMap(({ ansible }) => ansible),
    ...Object.keys(IGNORED_VARIABLES),
    ...Object.keys(UNSUPPORTED_VARIABLES),
  ];

  it.each(names)('names the connection variable %s', (name) => {
    expect(text).toContain(`\`${name}\``);
  });

  it('names no connection variable that there is not', () => {
    const known = new Set([...names, 'ansible_group_priority', 'ansible_become_flags']);
    const named = [...text.matchAll(/`((?:copse|ansible)_[a-z_0-9]+)`/g)].map(([, name = '']) => name);

    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  it('points at examples that are there', () => {
    const paths = [...text.matchAll(/`(inventory\/[\w./-]+)`/g)].map(([, path = '']) => path);

    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});
