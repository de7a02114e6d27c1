/** A value of a dictionary of variants. */
export type Value = string | boolean | readonly string[] | Dictionary;

/** `a{sv}`: the form in which ostree writes what it staged. */
export interface Dictionary {
  readonly [key: string]: Value;
}

/** Serialises `a{sv}` as GLib does: entries on multiples of 8, and where each ends behind the last. */
export function dictionaryBytes(dictionary: Dictionary): Buffer {
  const entries = Object.entries(dictionary).map(([key, value]) => {
    const name = text(key);
    return framed(padded([name, variantBytes(value)], 8), [name.length]);
  });
  return array(entries, 8);
}

/** The value, a zero and its type. */
function variantBytes(value: Value): Buffer {
  if (typeof value === 'string') return Buffer.concat([text(value), Buffer.from('\0s')]);
  if (typeof value === 'boolean') return Buffer.concat([Buffer.from([value ? 1 : 0]), Buffer.from('\0b')]);
  if (isList(value)) return Buffer.concat([array(value.map(text), 1), Buffer.from('\0as')]);
  return Buffer.concat([dictionaryBytes(value), Buffer.from('\0a{sv}')]);
}

function isList(value: Dictionary | readonly string[]): value is readonly string[] {
  return Array.isArray(value);
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}

/** Items of different sizes, each on a multiple of the alignment. */
function array(items: readonly Buffer[], alignment: number): Buffer {
  const ends: number[] = [];
  let at = 0;
  for (const item of items) {
    at = Math.ceil(at / alignment) * alignment + item.length;
    ends.push(at);
  }
  return items.length === 0 ? Buffer.alloc(0) : framed(padded(items, alignment), ends);
}

function padded(items: readonly Buffer[], alignment: number): Buffer {
  return items.reduce((all, item) => {
    const gap = Math.ceil(all.length / alignment) * alignment - all.length;
    return Buffer.concat([all, Buffer.alloc(gap), item]);
  }, Buffer.alloc(0));
}

/** Offsets are as wide as the whole, themselves included, needs. */
function framed(bytes: Buffer, ends: readonly number[]): Buffer {
  const width = [1, 2, 4].find((size) => bytes.length + ends.length * size < 256 ** size) ?? 8;
  const offsets = ends.map((end) => {
    const offset = Buffer.alloc(width);
    offset.writeUIntLE(end, 0, Math.min(width, 6));
    return offset;
  });
  return Buffer.concat([bytes, ...offsets]);
}
