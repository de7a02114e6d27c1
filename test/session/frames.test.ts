import { array, assert, constantFrom, nat, property, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFrames } from '../../src/session/frames.ts';

const MARK = 'abcab-mark';

/** What a splitter makes of pieces: content as one text, and each frame with how much content came before it. */
function split(pieces: readonly Uint8Array[]): { content: string; frames: [number, string][] } {
  const content: Uint8Array[] = [];
  const frames: [number, string][] = [];
  const size = (): number => content.reduce((sum, chunk) => sum + chunk.length, 0);
  const splitter = createFrames(MARK, {
    content: (chunk) => content.push(Buffer.from(chunk)),
    frame: (words) => frames.push([size(), words.join(' ')]),
  });
  for (const piece of pieces) splitter.push(piece);
  content.push(splitter.rest());
  return { content: Buffer.concat(content).toString('latin1'), frames };
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const ends = [...new Set(at.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

describe('frames', () => {
  it('are found however the stream is cut into pieces, and every other byte is content', () => {
    // Content made of the mark's own letters holds many beginnings of marks, but no mark.
    const content = array(constantFrom('a', 'b', 'c', '-', '\n', '\0', 'abcab', 'abcab-mar'))
      .map((parts) => parts.join(''))
      .filter((text) => !`${text}abcab`.includes(MARK));
    const pieces = array(tuple(content, nat({ max: 255 })), { maxLength: 8 });

    assert(
      property(pieces, array(nat({ max: 500 })), (parts, cuts) => {
        const stream = parts.map(([text, code], index) => `${text}${MARK} ${index} ${code}\n`).join('');
        const wanted = {
          content: parts.map(([text]) => text).join(''),
          frames: parts.map(([, code], index) => [
            parts.slice(0, index + 1).reduce((sum, [text]) => sum + text.length, 0),
            `${index} ${code}`,
          ]),
        };

        expect(split(cut(Buffer.from(stream, 'latin1'), cuts))).toEqual(wanted);
      }),
    );
  });

  it('show content at once, but for what may begin a mark', () => {
    const seen: string[] = [];
    const splitter = createFrames(MARK, {
      content: (chunk) => seen.push(Buffer.from(chunk).toString()),
      frame: () => undefined,
    });

    splitter.push(Buffer.from('progress 10%'));
    splitter.push(Buffer.from(' 20% abc'));
    splitter.push(Buffer.from('d'));

    expect(seen).toEqual(['progress 10%', ' 20% ', 'abcd']);
  });

  it('go on under another mark when told so', () => {
    const frames: string[] = [];
    const splitter = createFrames('one', {
      content: () => undefined,
      frame(words) {
        frames.push(words.join(' '));
        splitter.mark('two');
      },
    });

    splitter.push(Buffer.from('one a\none b\ntwo c\n'));

    expect(frames).toEqual(['a', 'c']);
  });

  it('do not wait for ever for the end of a line that never ends', () => {
    const { frames } = split([Buffer.from(MARK), Buffer.alloc(300, 'x'), Buffer.from(`\n${MARK} 1 2\n`)]);

    expect(frames.map(([, words]) => words)).toContain('1 2');
  });
});
