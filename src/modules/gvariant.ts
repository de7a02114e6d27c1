import type { Bytes } from '../core/bytes.ts';

/**
 * A list of texts (`as`) under a key of a serialised GVariant of type `a{sv}`, which is how ostree writes what it staged. Undefined
 * where there is none, or where the bytes are something else.
 */
export function textsIn(bytes: Bytes, key: string): readonly string[] | undefined {
  for (const entry of itemsOf(bytes, 8) ?? []) {
    const end = offsetAt(entry, entry.length - widthOf(entry), widthOf(entry));
    if (end === 0 || end > entry.length || textAt(entry.subarray(0, end)) !== key) continue;
    const value = entry.subarray(aligned(end, 8), entry.length - widthOf(entry));
    const typeAt = value.lastIndexOf(0);
    if (textAt(value.subarray(typeAt + 1)) !== 'as') return undefined;
    return itemsOf(value.subarray(0, typeAt), 1)?.map(textAt);
  }
  return undefined;
}

/** The items of an array whose items differ in size: where each ends stands behind the last. */
function itemsOf(bytes: Bytes, alignment: number): readonly Bytes[] | undefined {
  if (bytes.length === 0) return [];
  const width = widthOf(bytes);
  const table = offsetAt(bytes, bytes.length - width, width);
  const count = (bytes.length - table) / width;
  if (!Number.isInteger(count) || count < 1) return undefined;
  const items: Bytes[] = [];
  let from = 0;
  for (let index = 0; index < count; index += 1) {
    const end = offsetAt(bytes, table + index * width, width);
    if (end < from || end > table) return undefined;
    items.push(bytes.subarray(from, end));
    from = aligned(end, alignment);
  }
  return items;
}

/** Bytes of one offset, by the size of what it stands in. */
function widthOf({ length }: Bytes): number {
  if (length <= 0xff) return 1;
  return length <= 0xffff ? 2 : 4;
}

function offsetAt(bytes: Bytes, at: number, width: number): number {
  return bytes.subarray(at, at + width).reduceRight((sum, byte) => sum * 256 + byte, 0);
}

function aligned(at: number, alignment: number): number {
  return Math.ceil(at / alignment) * alignment;
}

/** Text without the zero at its end. */
function textAt(bytes: Bytes): string {
  return new TextDecoder().decode(bytes).replace(/\0$/, '');
}
