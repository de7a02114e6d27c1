import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitWords } from '../../src/inventory/words.ts';

const texts = (line: string, comments = true): readonly string[] | number => {
  const words = splitWords(line, { comments });
  return typeof words === 'number' ? words : words.map(({ text }) => text);
};

describe('a line of words', () => {
  const table: readonly [line: string, words: readonly string[] | number][] = [
    ['a b  c', ['a', 'b', 'c']],
    ['a="b c" d', ['a=b c', 'd']],
    ['a=\'b "c"\'', ['a=b "c"']],
    ['a="b \\" c"', ['a=b " c']],
    ['a="b\\nc"', ['a=b\\nc']],
    ["a='b\\c'", ['a=b\\c']],
    ['a\\ b', ['a b']],
    ['a # b', ['a']],
    ['a#b c', ['a']],
    ['"a#b" c', ['a#b', 'c']],
    ['""', ['']],
    ['a "b', 2],
    ['a b\\', 3],
    ['', []],
  ];
  it.each(table)('%s is split as a shell would: %j', (line, words) => {
    expect(texts(line)).toEqual(words);
  });

  it('keeps a # where comments are not asked for', () => {
    expect(texts('a#b # c', false)).toEqual(['a#b', '#', 'c']);
  });

  it('gives back every word that was quoted, with its place', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 12 }), { maxLength: 6 }), (words) => {
        const quoted = words.map((word) => `'${word.replaceAll("'", `'"'"'`)}'`);
        const split = splitWords(quoted.join(' '), { comments: true });

        expect(typeof split === 'number' ? split : split.map(({ text }) => text)).toEqual(words);
        expect(
          typeof split === 'number' ? [] : split.map(({ start, end }) => quoted.join(' ').slice(start, end)),
        ).toEqual(quoted);
      }),
    );
  });
});
