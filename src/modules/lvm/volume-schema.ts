import { z } from 'zod';
import { byteSize } from '../device-params.ts';
import { obey, type Rule } from '../params.ts';
import { tagName, volumeName } from './names.ts';
import { volumeSize } from './size.ts';

const KIB = 1024;
const MIB = 1024 ** 2;

const percent = (least: number): z.ZodType<number, number> =>
  z
    .number({ error: `expected a number from ${least} to 100` })
    .min(least)
    .max(100);

const Autoextend = z.strictObject({
  threshold: z
    .int()
    .min(50)
    .max(99)
    .describe('Percent of data or metadata in use at which dmeventd makes the pool larger; LVM takes no less than 50.'),
  percent: z.int().min(1).max(100).describe('By how many percent of its size the pool grows each time.'),
});

const Shape = z.strictObject({
  name: volumeName().describe('Name of the volume, without the group.'),
  state: z
    .enum(['present', 'absent'])
    .default('present')
    .describe('absent: the volume is removed; allow_destroy must name it as GROUP/VOLUME.'),
  type: z
    .enum(['linear', 'thin-pool', 'thin'])
    .default('linear')
    .describe('linear: an ordinary volume; thin-pool: space that thin volumes share; thin: a volume in a pool.'),
  size: volumeSize()
    .optional()
    .describe(
      'How large it is: "20G" (rounded up to extents), or a share, rounded down: "50%VG" of the group, "25%PVS" of the disks in "pvs", "80%POOL" of the pool of a thin volume, "40%FREE" of what is free when it is made. "100%FREE" means all that is free, at any time. Of a thin-pool it is the least size, and a share includes its metadata.',
    ),
  pool: volumeName().optional().describe('With type thin: the pool it takes its space from.'),
  resize: z
    .enum(['never', 'grow', 'grow_or_shrink'])
    .default('grow')
    .describe(
      'never: "size" counts only when the volume is made. grow: a smaller volume grows, a larger one is refused. grow_or_shrink: a larger one is cut too, where its file system can shrink (ext) and is not mounted.',
    ),
  resize_fs: z
    .boolean()
    .default(true)
    .describe('With "size": the file system on the volume (ext, xfs, btrfs) reaches to the end of the volume.'),
  active: z.boolean().default(true).describe('Whether the volume can be used (lvchange -ay, -an).'),
  skip_activation: z
    .boolean()
    .optional()
    .describe('Whether the volume stays inactive when the host boots (lvchange -k); "active" overrides it for now.'),
  tags: z.array(tagName()).optional().describe('Tags the volume must have. Others are left alone.'),
  remove_tags: z.array(tagName()).optional().describe('Tags the volume must not have.'),
  metadata_size: byteSize(2 * MIB, 16 * 1024 * MIB, 512, 'expected a metadata size from "2M" to "16G"')
    .optional()
    .describe('With thin-pool: least size of its metadata. Without it 64 bytes for each chunk of data, at least 2M.'),
  chunk_size: byteSize(64 * KIB, 1024 * MIB, 64 * KIB, 'expected a chunk size from "64K" to "1G", a multiple of 64K')
    .optional()
    .describe('With thin-pool: the unit of its space, fixed for life. Without it 64K, more for a pool over 128G.'),
  zero: z.boolean().optional().describe('With thin-pool: whether new chunks are zeroed; Docker wants false.'),
  discards: z
    .enum(['ignore', 'nopassdown', 'passdown'])
    .optional()
    .describe('With thin-pool: whether space that volumes give up returns to the pool, and on to the disks.'),
  when_full: z
    .enum(['queue', 'error'])
    .optional()
    .describe('With thin-pool: queue: writes to a full pool wait for a minute; error: they fail at once.'),
  autoextend: z
    .union([z.literal(false), Autoextend], { error: 'expected false, or {threshold: 70, percent: 20}' })
    .optional()
    .describe(
      'With thin-pool: {threshold: 70, percent: 20} attaches a profile of this group and pool and has it monitored, so that the pool grows by itself; needs free extents in the group. false: no profile.',
    ),
  monitor: z
    .boolean()
    .optional()
    .describe('With thin-pool: whether dmeventd watches it. Without monitoring nothing is extended.'),
  max_data_percent: percent(1)
    .optional()
    .describe('With thin-pool: the task fails when more of its data space is in use.'),
  max_metadata_percent: percent(1)
    .optional()
    .describe('With thin-pool: the task fails when more of its metadata is in use.'),
});
type Shape = z.infer<typeof Shape>;

const POOL_ONLY = [
  'metadata_size',
  'chunk_size',
  'zero',
  'discards',
  'when_full',
  'autoextend',
  'monitor',
  'max_data_percent',
  'max_metadata_percent',
] as const;

const RULES: readonly Rule<Shape>[] = [
  ...POOL_ONLY.map((key) => ({
    at: key,
    wrong: (want: Shape) => want[key] !== undefined && want.type !== 'thin-pool',
    say: `"${key}" goes with type: thin-pool`,
  })),
  {
    at: 'pool',
    wrong: ({ type, pool, state }) => state === 'present' && type === 'thin' && pool === undefined,
    say: 'a thin volume needs "pool"',
  },
  {
    at: 'pool',
    wrong: ({ type, pool }) => type !== 'thin' && pool !== undefined,
    say: '"pool" goes with type: thin',
  },
  {
    at: 'size',
    wrong: ({ type, size }) => size !== undefined && 'of' in size && (size.of === 'POOL') !== (type === 'thin'),
    say: 'a thin volume takes a size such as "20G" or a share of its pool such as "80%POOL"; others take no share of a pool',
  },
  {
    at: 'state',
    wrong: (want) => want.state === 'absent' && (want.size !== undefined || want.pool !== undefined),
    say: 'what is absent has no size and no pool',
  },
  {
    at: 'monitor',
    wrong: ({ autoextend, monitor }) => monitor === false && autoextend !== undefined && autoextend !== false,
    say: 'without monitoring nothing is extended: leave "monitor" out, or write "autoextend: false"',
  },
  {
    at: 'remove_tags',
    wrong: ({ tags = [], remove_tags: removed = [] }) => removed.some((tag) => tags.includes(tag)),
    say: 'a tag is both in "tags" and in "remove_tags"',
  },
];

/** One volume of the `lvm` module's wish. */
export const Volume = Shape.superRefine(obey(RULES));
/** One volume of the `lvm` module's wish. */
export type Volume = z.infer<typeof Volume>;
