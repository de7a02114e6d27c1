import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../../src/core/problem.ts';
import { selectHosts } from '../../src/inventory/pattern.ts';
import { splitPattern } from '../../src/inventory/split-pattern.ts';
import { findHost, type Inventory } from '../../src/inventory/types.ts';
import { load } from './support/files.ts';

const HOSTS = `
[web]
web[1:6]
[eu]
web[1:3]
db[1:2]
[db]
db[1:4]
[canary]
web1
db4
[prod:children]
web
db
[v6]
2001:db8::5
`;

let inventory: Inventory;
beforeAll(async () => {
  inventory = await load({ hosts: HOSTS });
});

/** The hosts of a pattern, none where copse says that there are none. */
function hosts(pattern: string): string[] {
  try {
    return selectHosts(inventory, pattern);
  } catch (error) {
    if (error instanceof Fault) return [];
    throw error;
  }
}

function split(pattern: string): string[] {
  const names = new Set(['a:b', 'web', 'x,y']);
  return splitPattern(pattern, (name) => names.has(name)).map(({ sign, text }) => `${sign}${text}`);
}

describe('a pattern is split into terms:', () => {
  const table: readonly [pattern: string, terms: readonly string[]][] = [
    ['a:b', ['a:b']],
    ['a:c', ['a', 'c']],
    ['a,b', ['a', 'b']],
    ['a:&b,!c', ['a', '&b', '!c']],
    ['a b\tc', ['a', 'b', 'c']],
    [' a , b ', ['a', 'b']],
    ['web[0:2]:db[1:]', ['web[0:2]', 'db[1:]']],
    ['web[0:2],x', ['web[0:2]', 'x']],
    ['2001:db8::5', ['2001:db8::5']],
    ['2001:db8::5,web', ['2001:db8::5', 'web']],
    ['!2001:db8::5', ['!2001:db8::5']],
    ['~(?:a|b):c', ['~(?:a|b)', 'c']],
    ['~a{1,3},b', ['~a{1,3}', 'b']],
    ['~[a:b]x', ['~[a:b]x']],
    ['~a\\(b:c', ['~a\\(b', 'c']],
    ['&~x:y', ['&~x', 'y']],
    [':,: ', []],
    ['!', []],
    ['web*:!*[12]', ['web*', '!*[12]']],
  ];
  it.each(table)('%j', (pattern, terms) => {
    expect(split(pattern)).toEqual(terms);
  });
});

describe('a pattern selects', () => {
  const table: readonly [pattern: string, selected: string][] = [
    ['web:&eu,!canary', 'web2 web3'],
    ['!canary web:&eu', 'web2 web3'],
    ['~(?:web|db)1', 'web1 db1'],
    ['~web\\d{1,1}:!~.*[1-5]', 'web6'],
    ['~(?i)WEB1', 'web1'],
    ['~\\Aweb1\\Z', 'web1'],
    ['~(?P<kind>db)[12]$', 'db1 db2'],
    ['[dw]*1', 'web1 db1'],
    ['web*[!1-5]', 'web6'],
    ['web[-2]', 'web5'],
    ['2001:db8::5', '2001:db8::5'],
    ['web1:2001:db8::5', ''],
    ['v6[0]', '2001:db8::5'],
    ['web?[0]', 'web1'],
    ['prod[0:1]', 'web1 web2'],
  ];
  it.each(table)('%j', (pattern, selected) => {
    expect(hosts(pattern).join(' ')).toBe(selected);
  });

  it('the hosts of a list of patterns as of one', () => {
    expect(selectHosts(inventory, ['web[3]', 'db:!eu'])).toEqual(['web4', 'db3', 'db4']);
  });
});

describe('the laws of patterns:', () => {
  const name = fc.constantFrom(
    'web',
    'db',
    'eu',
    'canary',
    'prod',
    'all',
    'web1',
    'db4',
    'web[0:2]',
    'db?',
    '~.*[24]',
    '*',
  );
  const set = (names: readonly string[]): string[] => [...new Set(names)].sort();

  it('terms together are the union, in the order they are written', () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(hosts(`${a},${b}`)).toEqual([...new Set([...hosts(a), ...hosts(b)])]);
      }),
    );
  });

  it('& is the intersection and ! the difference, in the order of what is narrowed', () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        const other = new Set(hosts(b));

        expect(hosts(`${a}:&${b}`)).toEqual(hosts(a).filter((host) => other.has(host)));
        expect(hosts(`${a}:!${b}`)).toEqual(hosts(a).filter((host) => !other.has(host)));
      }),
    );
  });

  it('where & and ! stand, and what separates, does not matter', () => {
    const signed = fc.tuple(fc.constantFrom('&', '!'), name).map(([sign, text]) => `${sign}${text}`);
    const separator = fc.constantFrom(',', ':', ' ', ', ', ':,');
    fc.assert(
      fc.property(name, fc.array(signed, { maxLength: 3 }), separator, fc.nat(3), (first, rest, between, where) => {
        const order = [...rest.slice(0, where), first, ...rest.slice(where)];

        expect(hosts(order.join(between))).toEqual(hosts([first, ...rest].join(':')));
      }),
    );
  });

  it('a limit is an intersection, and nobody is selected twice', () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        const limited = selectHosts(inventory, a, { limit: b });

        expect(set(limited)).toEqual(set(hosts(a).filter((host) => hosts(b).includes(host))));
        expect(limited.length).toBe(new Set(limited).size);
      }),
    );
  });

  it('any text selects known hosts or is refused with a Fault', () => {
    const text = fc.string({
      maxLength: 20,
      unit: fc.constantFrom(
        'w',
        'e',
        'b',
        '1',
        '*',
        '?',
        '[',
        ']',
        ':',
        ',',
        '!',
        '&',
        '~',
        '(',
        ')',
        '-',
        '@',
        '\\',
        '|',
      ),
    });
    fc.assert(
      fc.property(text, (pattern) => {
        expect(hosts(pattern).filter((host) => findHost(inventory, host) === undefined)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
