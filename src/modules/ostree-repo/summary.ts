/** What a summary tells of a repository (GVariant `(a(s(taya{sv}))a{sv})`, as libostree writes it). */
export interface Summary {
  /** Commit by ref. */
  readonly refs: ReadonlyMap<string, string>;
  /** Static deltas as COMMIT or FROM-COMMIT. */
  readonly deltas: readonly string[];
}

/** Reads the file `summary`; undefined when it is none. */
export function readSummary(bytes: Uint8Array): Summary | undefined {
  try {
    const [refs, metadata] = pair(bytes, 8);
    const entries = dictionary(metadata);
    const deltas = entries.get('ostree.static-deltas');
    return {
      refs: new Map(elements(refs).map(refOf)),
      deltas: deltas === undefined ? [] : [...dictionary(variant(deltas)).keys()],
    };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Ref and commit of `(s(taya{sv}))`: the size, the checksum and metadata of the commit are in the inner tuple. */
function refOf(bytes: Uint8Array): [string, string] {
  const [name, inner] = pair(bytes, 8);
  const size = offsetSize(inner.length);
  const checksum = slice(inner, 8, number(inner, inner.length - size, size));
  return [text(name), [...checksum].map((byte) => byte.toString(16).padStart(2, '0')).join('')];
}

function dictionary(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> {
  return new Map(
    elements(bytes).map((entry) => {
      const [key, value] = pair(entry, 8);
      return [text(key), value];
    }),
  );
}

/** A tuple of two, the first of any length, the second aligned: where the first ends stands at the end of the whole. */
function pair(bytes: Uint8Array, align: number): [Uint8Array, Uint8Array] {
  const size = offsetSize(bytes.length);
  const end = number(bytes, bytes.length - size, size);
  return [slice(bytes, 0, end), slice(bytes, aligned(end, align), bytes.length - size)];
}

/** Elements of an array whose alignment is 8: their ends stand after them. */
function elements(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length === 0) return [];
  const size = offsetSize(bytes.length);
  const table = number(bytes, bytes.length - size, size);
  const found: Uint8Array[] = [];
  let start = 0;
  for (let at = table; at < bytes.length; at += size) {
    const end = number(bytes, at, size);
    found.push(slice(bytes, start, end));
    start = aligned(end, 8);
  }
  return found;
}

/** The value in a variant: a NUL and its type stand behind it. */
function variant(bytes: Uint8Array): Uint8Array {
  return slice(bytes, 0, bytes.lastIndexOf(0));
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(slice(bytes, 0, bytes.length - 1));
}

/** Offsets take as few bytes as the length of their container needs. */
function offsetSize(length: number): number {
  if (length <= 0xff) return 1;
  return length <= 0xff_ff ? 2 : 4;
}

function number(bytes: Uint8Array, at: number, size: number): number {
  return slice(bytes, at, at + size).reduceRight((sum, byte) => sum * 256 + byte, 0);
}

function aligned(at: number, to: number): number {
  return Math.ceil(at / to) * to;
}

function slice(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (start < 0 || end < start || end > bytes.length) throw new RangeError('beyond the end');
  return bytes.subarray(start, end);
}
