import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/core/problem.ts';
import { selectHosts } from '../../src/inventory/pattern.ts';
import { listing, showJson } from '../../src/inventory/show.ts';
import { findHost, type Inventory } from '../../src/inventory/types.ts';
import { Secret } from '../../src/core/secret.ts';
import { hostSpec } from '../../src/inventory/host-spec.ts';
import { loadInventory } from '../../src/inventory/load.ts';
import { folderOf, load, short } from './support/files.ts';

/** Names that mean something in JavaScript. */
const NASTY = fc.constantFrom(
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  'length',
  'name',
  'web',
  'x1',
);
const VALUE = fc.jsonValue({ maxDepth: 2 });
const VARS = fc.dictionary(NASTY, VALUE, { maxKeys: 4, noNullPrototype: false });

async function loaded(files: Record<string, string>): Promise<Inventory | undefined> {
  try {
    return await load(files);
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

function surface(): string[] {
  return [Object.prototype, Array.prototype, Function.prototype, Map.prototype].flatMap((one) =>
    Object.getOwnPropertyNames(one),
  );
}

describe('variables are merged', () => {
  it('without touching a prototype, whatever their names', async () => {
    const before = surface();
    const groups = fc.dictionary(NASTY, fc.record({ hosts: fc.dictionary(NASTY, VARS, { maxKeys: 3 }), vars: VARS }), {
      maxKeys: 3,
    });

    await fc.assert(
      fc.asyncProperty(groups, VARS, VARS, async (root, groupVars, hostVars) => {
        const inventory = await loaded({
          'hosts.json': JSON.stringify(root),
          'group_vars/web.json': JSON.stringify(groupVars),
          'host_vars/x1.yml': JSON.stringify(hostVars),
        });

        expect(surface()).toEqual(before);
        for (const host of inventory?.hosts.values() ?? []) {
          expect(Object.getPrototypeOf(host.vars)).toBeNull();
          expect(Object.keys(host.vars)).not.toContain('__proto__');
        }
        expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });

  it('so that names such as toString are ordinary variables, hosts and groups', async () => {
    const inventory = await load({
      hosts: '[toString]\nvalueOf hasOwnProperty=1\n[length:vars]\nname=x\n[length]\nvalueOf\n',
    });

    expect(inventory.hosts.get('valueOf')?.groups).toEqual(['length', 'toString']);
    expect(showJson(listing(inventory)['_meta'] ?? null)).toBe(
      '{\n    "hostvars": {\n        "valueOf": {\n            "hasOwnProperty": 1,\n            "name": "x"\n        }\n    }\n}',
    );
    expect(selectHosts(inventory, 'toString:&length')).toEqual(['valueOf']);
  });

  it('in one order: all, groups by depth, priority and name, files after what is written inline, host last', async () => {
    const level = fc.constantFrom('all', 'parent', 'b_child', 'a_child', 'host');
    const written = fc.dictionary(level, fc.constantFrom('inline', 'file', 'both'));
    const rank = ['all', 'parent', 'a_child', 'b_child'];

    await fc.assert(
      fc.asyncProperty(written, async (where) => {
        const has = (name: string, how: string): boolean => where[name] === how || where[name] === 'both';
        const inline = rank.filter((name) => has(name, 'inline'));
        const file = rank.filter((name) => has(name, 'file'));
        const expected = [...inline.map((name) => `inline ${name}`), ...file.map((name) => `file ${name}`)];
        if (has('host', 'inline')) expected.push('inline host');
        if (has('host', 'file')) expected.push('file host');
        const files: Record<string, string> = {
          hosts: [
            '[parent:children]\na_child\nb_child\n[a_child]',
            has('host', 'inline') ? 'h v="inline host"' : 'h',
            '[b_child]\nh',
            ...inline.map((name) => `[${name}:vars]\nv=inline ${name}`),
          ].join('\n'),
        };
        for (const name of file) files[`group_vars/${name}.yml`] = `v: file ${name}\n`;
        if (has('host', 'file')) files['host_vars/h.yml'] = 'v: file host\n';
        const inventory = await load(files);

        expect((inventory.explain('h').get('v') ?? []).map(({ value }) => value)).toEqual(expected);
        expect(inventory.hosts.get('h')?.vars['v']).toBe(expected.at(-1));
      }),
      { numRuns: 80 },
    );
  });

  it('with those of the command line last, which also change connections', async () => {
    const cwd = folderOf({ hosts: '[web]\nw1 ansible_user=a x=1\n' });
    const { signal } = new AbortController();
    const inventory = await loadInventory(['hosts'], {
      cwd,
      signal,
      extraVars: { ansible_user: 'b', ansible_password: 'pw' },
    });
    const [w1, local] = ['w1', 'localhost'].map((name) => findHost(inventory, name));

    expect({ ...w1?.vars, ...local?.vars }).toEqual({
      ansible_connection: 'local',
      ansible_user: 'b',
      ansible_password: new Secret('pw'),
      x: 1,
    });
    expect(w1 && hostSpec(w1).user).toBe('b');
    expect(
      inventory
        .explain('w1')
        .get('ansible_user')
        ?.map(({ source }) => short(source)),
    ).toEqual(['host "w1", hosts:2', 'the command line']);
  });

  it('with the place of each value, so that it can be explained', async () => {
    const inventory = await load({
      'hosts.yml': 'all:\n  vars: {a: 1}\n  children:\n    web:\n      hosts:\n        w[1:2]:\n          a: 2\n',
      'group_vars/web.yml': '# why\na: 3\n',
    });

    expect(inventory.hosts.get('w2')?.place?.('a')).toMatchObject({ line: 7, col: 14 });
    expect(inventory.hosts.get('w2')?.place?.('a', 'key')).toMatchObject({ line: 7, col: 11 });
    expect(inventory.hosts.get('w2')?.place?.('none')).toBeUndefined();
    expect(
      inventory
        .explain('w2')
        .get('a')
        ?.map(({ value, at }) => [value, at?.line]),
    ).toEqual([
      [1, 2],
      [3, 2],
      [2, 7],
    ]);
  });
});
