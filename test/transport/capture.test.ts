import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { capture } from '../../src/transport/capture.ts';

describe('what is kept of a stream', () => {
  test('is all of it while it fits', () => {
    const kept = capture({ head: 4, tail: 4 });
    kept.push(Buffer.from('abc'));
    kept.push(Buffer.from('defgh'));

    expect(kept.result()).toEqual({ bytes: Buffer.from('abcdefgh'), text: 'abcdefgh', truncated: false });
  });

  test('is its head and its tail, with a note between them', () => {
    const kept = capture({ head: 3, tail: 2 });
    for (const letter of 'abcdefgh') kept.push(Buffer.from(letter));

    expect(kept.result()).toEqual({ bytes: Buffer.from('abcgh'), text: 'abc\n[3B dropped here]\ngh', truncated: true });
  });

  test.each([
    [{ head: 0, tail: 0 }, ''],
    [{ head: 2, tail: 0 }, 'ab'],
    [{ head: 0, tail: 2 }, 'gh'],
  ])('may be only one end of it, or nothing: %j', (cap, expected) => {
    const kept = capture(cap);
    kept.push(Buffer.from('abcdefgh'));

    expect(Buffer.from(kept.result().bytes).toString()).toBe(expected);
  });

  test('is the same however the stream is cut into pieces', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 40 });

    fc.assert(
      fc.property(pieces, fc.nat(50), fc.nat(50), (chunks, head, tail) => {
        const kept = capture({ head, tail });
        for (const chunk of chunks) kept.push(chunk);
        const whole = Buffer.concat(chunks);
        const last = whole.subarray(Math.max(Math.min(head, whole.length), whole.length - tail));

        const { bytes, truncated } = kept.result();

        expect(Buffer.from(bytes).equals(Buffer.concat([whole.subarray(0, head), last]))).toBe(true);
        expect(truncated).toBe(whole.length > head + tail);
      }),
    );
  });
});
