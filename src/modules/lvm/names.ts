import { z } from 'zod';

const NAME = /^[A-Za-z0-9_+.][A-Za-z0-9_+.-]*$/;

/** Parts of names that LVM keeps for its own hidden volumes. */
const RESERVED =
  /^(?:snapshot|pvmove)|_(?:cdata|cmeta|corig|cpool|cvol|imeta|iorig|mimage|mlog|pmspare|rimage|rmeta|tdata|tmeta|vdata|vorigin|wcorig)/;

/** The name of a volume group. */
export function groupName(): z.ZodType<string, string> {
  const error = 'expected the name of a volume group: letters, digits, "_", "+", "." and "-", not first';
  return z
    .string({ error })
    .min(1, { error })
    .max(100, { error: 'expected a name of at most 100 characters' })
    .refine((name) => NAME.test(name) && name !== '.' && name !== '..', { error });
}

/** The name of a logical volume, without its group. */
export function volumeName(): z.ZodType<string, string> {
  const error = 'expected the name of a volume without its group: letters, digits, "_", "+", "." and "-", not first';
  return z
    .string({ error })
    .max(100, { error: 'expected a name of at most 100 characters' })
    .refine((name) => NAME.test(name) && name !== '.' && name !== '..', { error })
    .refine((name) => !RESERVED.test(name), { error: 'expected a name that LVM does not keep for its hidden volumes' });
}

/** A tag of a group or volume. */
export function tagName(): z.ZodType<string, string> {
  const error = 'expected a tag: letters, digits and "_+.-/=!:&#", not starting with "-"';
  return z
    .string({ error })
    .max(1024, { error })
    .regex(/^[A-Za-z0-9_+./=!:&#][A-Za-z0-9_+.\-/=!:&#]*$/, { error });
}
