import { z } from 'zod';
import { parseSize } from '../core/units.ts';

/** The path of a disk or partition; one below /dev/disk/by-id stays the same when disks are found in another order. */
export function devicePath(): z.ZodType<string, string> {
  return z
    .string({ error: 'expected the path of a device such as "/dev/disk/by-id/virtio-data"' })
    .regex(/^\/dev\/[A-Za-z0-9_+.:@=,/~\\{}#-]+$/, {
      error: 'expected the path of a device, starting with "/dev/"',
    })
    .refine((path) => !path.split('/').includes('..'), { error: 'expected a path without ".."' });
}

/** A size in bytes, at least `least` and at most `most`, a multiple of `step`. */
export function byteSize(least: number, most: number, step: number, what: string): z.ZodType<number, string> {
  return z.string({ error: what }).transform((text, context) => {
    const bytes = parseSize(text);
    if (bytes !== undefined && bytes >= least && bytes <= most && bytes % step === 0) return bytes;
    context.addIssue({ code: 'custom', message: `${what}, found "${text}"` });
    return z.NEVER;
  });
}
