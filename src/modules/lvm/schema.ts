import { z } from 'zod';
import { byteSize, devicePath } from '../device-params.ts';
import { obey, type Rule } from '../params.ts';
import { groupName, tagName } from './names.ts';
import { Volume } from './volume-schema.ts';

const Shape = z.strictObject({
  vg: groupName().describe('Name of the volume group.'),
  state: z
    .enum(['present', 'absent'])
    .default('present')
    .describe(
      'absent: the group is removed with every volume in it, each of which allow_destroy must name as GROUP/VOLUME; its disks are free afterwards.',
    ),
  pvs: z
    .array(devicePath())
    .min(1)
    .optional()
    .describe(
      'Disks or partitions that belong to the group: a missing group is made of them, missing ones are added. A disk with anything on it must be named in allow_destroy and in use by nobody. Others of the group stay.',
    ),
  remove_pvs: z
    .array(devicePath())
    .min(1)
    .optional()
    .describe('Disks or partitions that leave the group. What is on them is moved to the others first (pvmove).'),
  grow_pvs: z
    .boolean()
    .default(false)
    .describe('A disk or partition of the group that became larger is used to its end (pvresize).'),
  missing_pvs: z
    .enum(['refuse', 'remove', 'restore'])
    .default('refuse')
    .describe(
      'What to do with members whose disk is gone. refuse: fail and say what is affected. remove: take them out after a test run; volumes that lay on them are lost, and allow_destroy must name each. restore: take back a disk that has returned.',
    ),
  extent_size: byteSize(1024, 2 ** 34, 1024, 'expected an extent size such as "4M", a power of two of at least 1K')
    .optional()
    .describe('Size of an extent of a new group, a power of two: "4M". Cannot be changed later. A new group gets 4M.'),
  tags: z.array(tagName()).optional().describe('Tags the group must have. Others are left alone.'),
  remove_tags: z.array(tagName()).optional().describe('Tags the group must not have.'),
  lvs: z
    .array(Volume)
    .default([])
    .describe(
      'Volumes of the group, in the order in which they take space; thin ones after their pools. Those not listed are left alone.',
    ),
});
type Shape = z.infer<typeof Shape>;

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'extent_size',
    wrong: ({ extent_size: size }) => size !== undefined && !Number.isInteger(Math.log2(size)),
    say: 'expected an extent size that is a power of two, such as "4M"',
  },
  {
    at: 'lvs',
    wrong: ({ state, lvs }) => state === 'absent' && lvs.length > 0,
    say: '"lvs" goes with state: present; an absent group has no volumes',
  },
  {
    at: 'pvs',
    wrong: ({ state, pvs, remove_pvs: removed }) => state === 'absent' && (pvs !== undefined || removed !== undefined),
    say: '"pvs" and "remove_pvs" go with state: present; the disks of an absent group are freed with it',
  },
  {
    at: 'pvs',
    wrong: ({ pvs = [] }) => new Set(pvs).size < pvs.length,
    say: 'expected each device once',
  },
  {
    at: 'remove_pvs',
    wrong: ({ pvs = [], remove_pvs: removed = [] }) => removed.some((path) => pvs.includes(path)),
    say: 'a device is both in "pvs" and in "remove_pvs"',
  },
  {
    at: 'lvs',
    wrong: ({ lvs }) => new Set(lvs.map(({ name }) => name)).size < lvs.length,
    say: 'expected each volume once',
  },
  {
    at: 'remove_tags',
    wrong: ({ tags = [], remove_tags: removed = [] }) => removed.some((tag) => tags.includes(tag)),
    say: 'a tag is both in "tags" and in "remove_tags"',
  },
];

/** The wish of the `lvm` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `lvm` module. */
export type Params = z.infer<typeof Params>;
