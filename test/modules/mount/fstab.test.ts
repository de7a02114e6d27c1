import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entriesOf, withEntry, withoutEntry, type Entry } from '../../../src/modules/mount/fstab.ts';

const word = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => !/[\0\n\r]/.test(text) && text.trim() === text);
const path = fc.constantFrom('/a', '/b', '/with space', '/back\\slash', '/a/b', '/#c', '/tab\there');
const entry: fc.Arbitrary<Entry> = fc.record({
  src: word,
  path,
  fstype: fc.constantFrom('xfs', 'ext4', 'nfs'),
  options: fc.constantFrom('defaults', 'ro,noatime'),
  passno: fc.constantFrom(0, 1, 2),
});
const noise = fc.constantFrom('# comment', '', '  ', '#/dev/x /a xfs defaults', 'broken', '\t# x');
const text = fc
  .array(
    fc.oneof(
      noise,
      entry.map((one) => withEntry('', one).trimEnd()),
    ),
    { maxLength: 8 },
  )
  .map((lines) => lines.map((line) => `${line}\n`).join(''));

describe('the text of fstab', () => {
  it('has exactly the entry that was put in, and every other line as it was', () => {
    fc.assert(
      fc.property(text, entry, (before, one) => {
        const after = withEntry(before, one);
        const others = (lines: string): string => withoutEntry(lines, one.path);

        expect(entriesOf(after, one.path)).toEqual([one]);
        expect(others(after)).toBe(others(before));
        expect(withEntry(after, one)).toBe(after);
      }),
    );
  });

  it('keeps the order of what was there', () => {
    const before = 'a / xfs defaults 0 0\nb /b xfs defaults 0 0\nc /c xfs defaults 0 0\n';

    expect(withEntry(before, { src: 'z', path: '/b', fstype: 'ext4', options: 'ro', passno: 2 })).toBe(
      'a / xfs defaults 0 0\nz /b ext4 ro 0 2\nc /c xfs defaults 0 0\n',
    );
  });

  it.each([
    ['', 'x /a xfs defaults 0 0\n'],
    ['y /b xfs defaults', 'y /b xfs defaults\nx /a xfs defaults 0 0\n'],
  ])('ends with a line end, whatever was there: %j', (before, after) => {
    expect(withEntry(before, { src: 'x', path: '/a', fstype: 'xfs', options: 'defaults', passno: 0 })).toBe(after);
  });
});
