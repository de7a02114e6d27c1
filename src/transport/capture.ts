import type { Bytes } from '../core/bytes.ts';
import { textOf } from '../core/bytes.ts';
import { showSize } from '../core/units.ts';

/** How many bytes of a stream are kept: the first and the last ones. */
export interface Cap {
  readonly head: number;
  readonly tail: number;
}

/** What was kept of a stream. The text says where bytes were dropped; the bytes are head and tail back to back. */
export interface Captured {
  readonly bytes: Bytes;
  readonly text: string;
  readonly truncated: boolean;
}

/** Collects a stream in memory that does not grow with the stream. */
export interface Capture {
  push(chunk: Bytes): void;
  result(): Captured;
}

/** 4 MiB from the start and 1 MiB from the end, per stream. */
export const DEFAULT_CAP: Cap = { head: 4 * 1024 * 1024, tail: 1024 * 1024 };

/** A capture that keeps the head and the tail of what it is given. */
export function capture(cap: Cap): Capture {
  const head = growing(cap.head);
  const tail = ring(cap.tail);
  let total = 0;

  return {
    push(chunk) {
      total += chunk.length;
      const room = cap.head - head.bytes().length;
      if (room > 0) head.append(chunk.subarray(0, room));
      if (chunk.length > room) tail.append(chunk.subarray(room));
    },
    result() {
      const first = head.bytes();
      const last = tail.bytes();
      const dropped = total - first.length - last.length;
      const bytes = last.length === 0 ? first : Buffer.concat([first, last]);
      if (dropped === 0) return { bytes, text: textOf(bytes), truncated: false };
      return { bytes, text: `${textOf(first)}\n[${showSize(dropped)} dropped here]\n${textOf(last)}`, truncated: true };
    },
  };
}

interface Store {
  append(chunk: Bytes): void;
  bytes(): Buffer;
}

/** A buffer that doubles up to its limit; the caller never appends beyond it. */
function growing(limit: number): Store {
  let buffer = Buffer.alloc(0);
  let used = 0;
  return {
    append(chunk) {
      buffer = grown(buffer, used, used + chunk.length, limit);
      buffer.set(chunk, used);
      used += chunk.length;
    },
    bytes: () => buffer.subarray(0, used),
  };
}

/** The last `limit` bytes; small until they are needed. */
function ring(limit: number): Store {
  let buffer = Buffer.alloc(0);
  let written = 0;
  return {
    append(chunk) {
      if (limit === 0) return;
      const kept = chunk.subarray(Math.max(0, chunk.length - limit));
      written += chunk.length - kept.length;
      buffer = grown(buffer, Math.min(written, limit), Math.min(written + kept.length, limit), limit);
      const at = written % limit;
      buffer.set(kept.subarray(0, limit - at), at);
      buffer.set(kept.subarray(limit - at), 0);
      written += kept.length;
    },
    bytes() {
      if (written <= limit) return buffer.subarray(0, written);
      const at = written % limit;
      return Buffer.concat([buffer.subarray(at), buffer.subarray(0, at)]);
    },
  };
}

function grown(buffer: Buffer<ArrayBuffer>, used: number, needed: number, limit: number): Buffer<ArrayBuffer> {
  if (needed <= buffer.length) return buffer;
  const larger = Buffer.allocUnsafe(Math.min(limit, Math.max(needed, buffer.length * 2, 256)));
  larger.set(buffer.subarray(0, used));
  return larger;
}
