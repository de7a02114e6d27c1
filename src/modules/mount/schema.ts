import { z } from 'zod';
import { absolutePath, listOf, obey, type Rule } from '../params.ts';

/** Unmounting one of these ends the host. */
const ESSENTIAL: readonly string[] = [
  '/',
  '/boot',
  '/dev',
  '/etc',
  '/ostree',
  '/proc',
  '/root',
  '/run',
  '/sys',
  '/sysroot',
  '/tmp',
  '/usr',
  '/var',
];

const option = z
  .string({ error: 'expected an option such as "noatime"' })
  .regex(/^[^\s,\0#-][^\s,\0#]*$/, { error: 'expected one option a word, without blanks and commas' });

const Shape = z.strictObject({
  path: absolutePath().describe('Where it is mounted. The folder is made when it is missing.'),
  src: z
    .string({ error: 'expected a device, "UUID=…", "LABEL=…", or a network path' })
    .regex(/^[^\s\0#-][^\0\n\r]*$/, {
      error: 'expected a device, "UUID=…", "LABEL=…", or a network path such as "host:/export"',
    })
    .optional()
    .describe(
      'What is mounted: a device, UUID=…, LABEL=…, PARTUUID=…, PARTLABEL=…, host:/export, //host/share, tmpfs, or a folder with the option bind.',
    ),
  fstype: z
    .string({ error: 'expected a type such as "xfs"' })
    .regex(/^[a-z0-9][a-z0-9_.+-]*$/, { error: 'expected a type of file system such as "xfs", "nfs" or "tmpfs"' })
    .optional()
    .describe('Type of the file system: xfs, ext4, nfs, tmpfs. For a bind mount: none.'),
  options: listOf(option).default([]).describe('Mount options: [noatime, nofail]. Without any: defaults.'),
  state: z
    .enum(['mounted', 'present', 'unmounted', 'absent'])
    .default('mounted')
    .describe(
      'mounted: mounted now and, with "boot", at each boot. present: at each boot only. unmounted: not mounted now; fstab is left alone. absent: neither mounted nor in fstab.',
    ),
  boot: z
    .boolean()
    .default(true)
    .describe('With state mounted: it stands in /etc/fstab too. false leaves fstab alone.'),
  passno: z
    .int()
    .min(0)
    .max(2)
    .default(0)
    .describe('Order in which file systems are checked at boot: 0 never, 1 the root, 2 others. xfs and btrfs need 0.'),
});
type Shape = z.infer<typeof Shape>;

const isWanted = ({ state }: Shape): boolean => state === 'mounted' || state === 'present';

const RULES: readonly Rule<Shape>[] = [
  { at: 'src', wrong: (want) => isWanted(want) && want.src === undefined, say: 'expected "src", what is mounted' },
  { at: 'fstype', wrong: (want) => isWanted(want) && want.fstype === undefined, say: 'expected "fstype", such as xfs' },
  {
    at: 'path',
    wrong: (want) => !isWanted(want) && ESSENTIAL.includes(want.path),
    say: 'expected a path that the host can live without',
  },
  {
    at: 'state',
    wrong: (want) => !isWanted(want) && (want.options.length > 0 || want.fstype !== undefined),
    say: 'what is not mounted has no type and no options',
  },
  {
    at: 'boot',
    wrong: (want) => !want.boot && want.state !== 'mounted',
    say: '"boot: false" goes with state: mounted',
  },
];

/** The wish of the `mount` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `mount` module. */
export type Params = z.infer<typeof Params>;
