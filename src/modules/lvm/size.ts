import { z } from 'zod';
import { parseSize } from '../../core/units.ts';

/** A size as a task gives it: bytes, or a share of something. */
export type Size =
  { readonly bytes: number } | { readonly percent: number; readonly of: 'VG' | 'FREE' | 'PVS' | 'POOL' };

const MAX = Number.MAX_SAFE_INTEGER;
const EXPECTED = 'expected a size such as "20G", or a share such as "50%VG", "100%FREE", "25%PVS" or "80%POOL"';

/** A size of a volume: `20G`, `512M`, `100%FREE`, `30%VG`; letters are powers of 1024 as LVM reads them. */
export function volumeSize(): z.ZodType<Size, string> {
  return z.string({ error: EXPECTED }).transform((text, context) => {
    const size = readSize(text);
    if (typeof size !== 'string') return size;
    context.addIssue({ code: 'custom', message: size });
    return z.NEVER;
  });
}

function readSize(text: string): Size | string {
  if (/^[+-]/.test(text)) {
    return `expected the size the volume should have, found "${text}", which is a difference; such a task would change it each time`;
  }
  const [, share, of] = /^(\d{1,3})%(VG|FREE|PVS|POOL)$/i.exec(text) ?? [];
  if (share !== undefined && of !== undefined) {
    const percent = Number(share);
    const base = of.toUpperCase() as 'VG' | 'FREE' | 'PVS' | 'POOL';
    if (percent < 1 || (percent > 100 && base !== 'POOL')) return `expected 1 to 100 percent, found "${text}"`;
    return { percent, of: base };
  }
  const bytes = parseSize(text);
  if (bytes === undefined) return `${EXPECTED}, found "${text}"`;
  if (bytes < 1 || bytes > MAX) return `expected a size from 1 byte to 8P, found "${text}"`;
  return { bytes };
}

/** Whole extents that hold so many bytes. */
export function extentsFor(bytes: number, extentSize: number): number {
  return Math.ceil(bytes / extentSize);
}

/** A share of a number of extents, rounded down as LVM does. */
export function shareOf(extents: number, percent: number): number {
  return Number((BigInt(extents) * BigInt(percent)) / 100n);
}
