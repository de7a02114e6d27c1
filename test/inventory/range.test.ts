import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandHosts } from '../../src/inventory/range.ts';

describe('a host name in an inventory', () => {
  const table: readonly [written: string, names: readonly string[], port: number | undefined][] = [
    ['web01', ['web01'], undefined],
    ['web[1:3]', ['web1', 'web2', 'web3'], undefined],
    ['web[08:11]', ['web08', 'web09', 'web10', 'web11'], undefined],
    ['web[0:6:3].x', ['web0.x', 'web3.x', 'web6.x'], undefined],
    ['[a:c]', ['a', 'b', 'c'], undefined],
    ['[y:B]', ['y', 'z', 'A', 'B'], undefined],
    ['r[1:2]n[a:b]', ['r1na', 'r1nb', 'r2na', 'r2nb'], undefined],
    ['w[:2]', ['w0', 'w1', 'w2'], undefined],
    ['w[1:2]:2222', ['w1', 'w2'], 2222],
    ['10.0.0.[1:2]', ['10.0.0.1', '10.0.0.2'], undefined],
    ['10.0.0.1:22', ['10.0.0.1'], 22],
    ['2001:db8::[1:2]', ['2001:db8::1', '2001:db8::2'], undefined],
    ['2001:db8::1', ['2001:db8::1'], undefined],
    ['::1', ['::1'], undefined],
    ['[2001:db8::1]:22', ['2001:db8::1'], 22],
    ['a_:22', ['a_:22'], undefined],
    ['web[1:2]_', ['web1_', 'web2_'], undefined],
    ['héllo.example:22', ['héllo.example'], 22],
  ];
  it.each(table)('%s stands for %j, port %s', (written, names, port) => {
    expect(expandHosts(written)).toEqual({ names, port });
  });

  it('with a range stands for every number of it, each once, in order', () => {
    const range = fc.record({
      from: fc.nat(2000),
      more: fc.nat(300),
      step: fc.integer({ min: 1, max: 7 }),
      width: fc.nat(6),
      head: fc.stringMatching(/^[a-z]{1,5}$/),
      tail: fc.stringMatching(/^(?:-[a-z]{1,4})?$/),
    });
    fc.assert(
      fc.property(range, ({ from, more, step, width, head, tail }) => {
        const end = String(from + more);
        const begin =
          width >= end.length && String(from).length < end.length
            ? String(from).padStart(end.length, '0')
            : String(from);
        const padded = begin.length > 1 && begin.startsWith('0');
        const expected = [];
        for (let n = from; n <= from + more; n += step) {
          expected.push(`${head}${padded ? String(n).padStart(begin.length, '0') : n}${tail}`);
        }

        expect(expandHosts(`${head}[${begin}:${end}:${step}]${tail}`)).toEqual({ names: expected, port: undefined });
      }),
    );
  });

  it('that a range gave stands for itself', () => {
    fc.assert(
      fc.property(fc.nat(99), fc.nat(20), fc.constantFrom('', '.example.com', '-x'), (from, more, tail) => {
        const read = expandHosts(`n[${from}:${from + more}]${tail}`);
        const names = 'names' in read ? read.names : [];

        expect(names.map((name) => expandHosts(name))).toEqual(
          names.map((name) => ({ names: [name], port: undefined })),
        );
        expect(new Set(names).size).toBe(more + 1);
      }),
    );
  });

  it('never takes more than a moment, whatever stands there', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 60, unit: fc.constantFrom('a', '1', '0', '[', ']', ':', '-', '.', '9') }),
        (text) => {
          const read = expandHosts(text);

          expect('wrong' in read ? 0 : read.names.length).toBeLessThanOrEqual(100_000);
        },
      ),
    );
  });
});
