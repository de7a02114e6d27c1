import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchSizes } from '../../src/engine/batches.ts';

describe('batches of serial', () => {
  it.each<[string, (number | string)[], number, number[]]>([
    ['all at once without serial', [], 7, [7]],
    ['one number, repeated', [3], 7, [3, 3, 1]],
    ['numbers in turn, the last one repeated', [1, 2], 7, [1, 2, 2, 2]],
    ['a percent of all hosts', ['30%'], 10, [3, 3, 3, 1]],
    ['29 % of 100 is 29, not 28', ['29%'], 100, [29, 29, 29, 13]],
    ['a percent that is less than one host is one host', ['1%'], 5, [1, 1, 1, 1, 1]],
    ['a list that ends with everyone', [1, '10%', '100%'], 20, [1, 2, 17]],
    ['zero means everyone', [0], 4, [4]],
    ['no hosts, no batches', [3], 0, []],
  ])('%s', (_, serial, hosts, sizes) => {
    expect(batchSizes(serial, hosts)).toEqual(sizes);
  });

  it('hold every host exactly once', () => {
    const entry = fc.oneof(
      fc.integer({ min: 0, max: 50 }),
      fc.integer({ min: 1, max: 100 }).map((n) => `${n}%`),
    );
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 5 }), fc.nat(500), (serial, hosts) => {
        const sizes = batchSizes(serial, hosts);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(hosts);
        expect(sizes.every((size) => size > 0)).toBe(true);
      }),
    );
  });
});
