import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { regexOf } from '../../src/config/regex.ts';

function find(pattern: string, text: string): (string | undefined)[] | undefined | string {
  const regex = regexOf(pattern);
  if (typeof regex === 'string') return regex;
  const found = regex.find(text, 0);
  if (found === undefined) return undefined;
  return Array.from({ length: found.length / 2 }, (_, i) =>
    found[2 * i] === -1 ? undefined : text.slice(found[2 * i], found[2 * i + 1]),
  );
}

describe('a pattern', () => {
  const piece = fc.constantFrom(
    'a',
    'b',
    'c',
    '.',
    '[ab]',
    '[^a]',
    '\\w',
    '\\d',
    '(a)',
    '(?:ab)',
    '(a|b)',
    '(ab|a)',
    'a*',
    'b+',
    'a?',
    '(a*)b',
    'a{2}',
    '[ab]{1,2}',
    'a*?',
    'b{0,2}?',
    '^',
    '$',
    '\\b',
    '(?:a|ab)(c|bcd)',
    '\\.',
    '1',
    '|',
  );

  it('finds what JavaScript finds, wherever both can', () => {
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 6 }),
        fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd', '1', '.', ' '), maxLength: 12 }),
        (parts, text) => {
          const pattern = parts.join('').replaceAll(/[\^$b]\*|\\b[*+?]/g, '');
          let wanted: (string | undefined)[] | undefined;
          try {
            const found = new RegExp(pattern, 'u').exec(text);
            wanted = found === null ? undefined : [...found];
          } catch {
            return;
          }
          expect(find(pattern, text)).toEqual(wanted);
        },
      ),
      { numRuns: 2000 },
    );
  });

  const table: [string, string, (string | undefined)[] | undefined | string][] = [
    ['(\\d+)\\.(\\d+)', 'v12.34', ['12.34', '12', '34']],
    ['(?i)error', 'An ERROR here', ['ERROR']],
    ['(?m)^b$', 'a\nb\nc', ['b']],
    ['[]x]+', 'a]x]', [']x]']],
    ['[\\w.-]+@[\\w.-]+', 'to me@host.example!', ['me@host.example']],
    ['ä+', 'xääy', ['ää']],
    ['(a+)+$', 'b', undefined],
    ['(', '', 'a "(" is not closed'],
    ['a)', '', 'a ")" has no "("'],
    ['*a', '', 'nothing stands before "*"'],
    ['a**', '', 'a repetition of a repetition'],
    ['(?=a)', '', '"(?" can only begin "(?:" or a named group'],
    ['(a)\\1', '', 'the escape "\\1" is not known'],
    ['[a', '', 'a "[" is not closed'],
    ['a{5000}', '', 'a repetition counts up to 1000, the smaller number first'],
    ['((a{100}){100}){100}', '', 'the pattern is too large'],
  ];
  it.each(table)('%j on %j', (pattern, text, wanted) => {
    expect(find(pattern, text)).toEqual(wanted);
  });

  it('cannot run away on text made to hurt it', () => {
    const text = 'a'.repeat(20_000);

    expect([find('^(a+)+$', `${text}b`), find('a*a*a*a*b', text), find('(x+x+)+y', 'x'.repeat(20_000))]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
