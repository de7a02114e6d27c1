import { z } from 'zod';
import { devicePath } from '../device-params.ts';
import { obey, publicText, type Rule } from '../params.ts';

/** Bytes a label may have. */
const LABEL_BYTES: Readonly<Record<string, number>> = { ext2: 16, ext3: 16, ext4: 16, xfs: 12, btrfs: 255, vfat: 11 };

const Shape = z.strictObject({
  device: devicePath().describe('The disk, partition or volume.'),
  state: z
    .enum(['present', 'absent'])
    .default('present')
    .describe(
      'absent: every signature is erased from the device (file system, partition table, RAID label), after allow_destroy has named it.',
    ),
  type: z
    .enum(['ext4', 'ext3', 'ext2', 'xfs', 'btrfs', 'vfat'])
    .optional()
    .describe(
      'Kind of file system. An empty device gets one; another one is replaced only when allow_destroy names the device.',
    ),
  label: z
    .string({ error: 'expected a label' })
    .regex(/^[A-Za-z0-9_.+][A-Za-z0-9_.+-]*$/, { error: 'expected a label of letters, digits, "_", ".", "+" and "-"' })
    .optional()
    .describe(
      'Name of the file system, set now and when it is made: up to 16 bytes for ext, 12 for xfs, 11 for vfat (capitals).',
    ),
  options: z
    .array(publicText('a word').refine((word) => !/[\0\n]/.test(word), { error: 'expected a word without line ends' }))
    .default([])
    .describe('Further words for mkfs, used only when the file system is made: [-m, "0"].'),
  grow: z
    .boolean()
    .default(false)
    .describe('An ext, xfs or btrfs file system that ends before its device does is made as large as the device.'),
});
type Shape = z.infer<typeof Shape>;

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'type',
    wrong: ({ state, type }) => state === 'present' && type === undefined,
    say: 'expected "type", such as ext4 or xfs',
  },
  {
    at: 'state',
    wrong: (want) =>
      want.state === 'absent' &&
      (want.type !== undefined || want.label !== undefined || want.grow || want.options.length > 0),
    say: 'what is absent has no type, label, options or growth',
  },
  {
    at: 'grow',
    wrong: ({ grow, type }) => grow && type === 'vfat',
    say: 'a vfat file system cannot grow in place',
  },
  {
    at: 'label',
    wrong: ({ label = '', type = 'btrfs' }) => label.length > (LABEL_BYTES[type] ?? 255),
    say: 'the label is longer than this type of file system allows',
  },
  {
    at: 'label',
    wrong: ({ label = '', type }) => type === 'vfat' && label !== label.toUpperCase(),
    say: 'a label of vfat is written in capitals',
  },
];

/** The wish of the `filesystem` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `filesystem` module. */
export type Params = z.infer<typeof Params>;
