import type { Bytes } from '../core/bytes.ts';

/** Who takes what a framed stream brings. */
export interface FrameSink {
  /** Bytes between frames, in order. */
  content(chunk: Bytes): void;
  /** The words after the mark on a frame's line. */
  frame(words: readonly string[]): void;
}

/** Splits a stream at lines that begin with a mark; a mark may begin in the middle of a line. */
export interface Frames {
  push(chunk: Bytes): void;
  /** Bytes that came after the last frame and could still begin one. */
  rest(): Bytes;
  /** From here on another mark counts. Called from inside `frame`. */
  mark(mark: string): void;
}

/** Longest line of a frame after its mark. */
const LONGEST = 200;

/** A splitter for one stream. It holds back only what may be the beginning of a mark. */
export function createFrames(first: string, sink: FrameSink): Frames {
  let mark = Buffer.from(first);
  let held: Buffer = Buffer.alloc(0);

  /** Takes one frame, or all content there is; false when more bytes are needed. */
  function step(): boolean {
    const at = held.indexOf(mark);
    if (at < 0) {
      const keep = partial(held, mark);
      if (keep < held.length) sink.content(held.subarray(0, held.length - keep));
      held = held.subarray(held.length - keep);
      return false;
    }
    const end = held.indexOf(0x0a, at);
    if (end < 0 && held.length - at < mark.length + LONGEST) {
      if (at > 0) sink.content(held.subarray(0, at));
      held = held.subarray(at);
      return false;
    }
    if (at > 0) sink.content(held.subarray(0, at));
    const words = held.subarray(at + mark.length, end < 0 ? held.length : end);
    held = end < 0 ? Buffer.alloc(0) : held.subarray(end + 1);
    sink.frame(words.toString('latin1').trim().split(' '));
    return held.length > 0;
  }

  return {
    push(chunk) {
      held = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk]);
      while (step());
    },
    rest: () => held,
    mark(next) {
      mark = Buffer.from(next);
    },
  };
}

/** How many bytes at the end of `data` are the beginning of `mark`. */
function partial(data: Buffer, mark: Buffer): number {
  for (let length = Math.min(data.length, mark.length - 1); length > 0; length -= 1) {
    if (data.subarray(data.length - length).equals(mark.subarray(0, length))) return length;
  }
  return 0;
}
