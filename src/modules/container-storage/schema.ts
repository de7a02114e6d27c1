import { z } from 'zod';
import type { Json } from '../../core/json.ts';
import { parseSize } from '../../core/units.ts';
import { devicePath } from '../device-params.ts';
import { absolutePath, obey, unitName, type Rule } from '../params.ts';

/** Any JSON value. Not z.json(): a schema that refers to itself cannot be embedded in the schema for editors. */
const PlainValue = z.unknown().transform((value, context): Json => {
  const parsed = z.json().safeParse(value);
  if (parsed.success) return parsed.data;
  context.addIssue({ code: 'custom', message: 'expected plain values' });
  return z.NEVER;
});

/** A size for container-storage-setup, which hands it to lvm: `20G`, `40%FREE`, `60%VG`. */
function setupSize(): z.ZodType<string, string> {
  const error = 'expected a size such as "20G", "40%FREE" or "60%VG"';
  return z
    .string({ error })
    .refine(
      (text) => /^(?:[1-9]\d?|100)%(?:FREE|VG)$/.test(text) || (/^\d/.test(text) && parseSize(text) !== undefined),
      { error },
    );
}

/** The tool's files are read by a shell as root: a value holds nothing that a shell would act on. */
function plainWord(what: string): z.ZodType<string, string> {
  const error = `expected ${what}, made of letters, digits and "_./:=+%-"`;
  return z.string({ error }).regex(/^[A-Za-z0-9_./:=+%][A-Za-z0-9_./:=+%-]*$/, { error });
}

const Setup = z.strictObject({
  devs: z
    .array(devicePath())
    .min(1)
    .optional()
    .describe('Whole disks for the volume group (DEVS). They are partitioned by the tool.'),
  vg: plainWord('a volume group')
    .optional()
    .describe('Volume group of the pool (VG), made when it is missing. Without it the group of the root file system.'),
  data_size: setupSize()
    .optional()
    .describe('Size of the pool when it is made (DATA_SIZE): 40%FREE without it. Later only lvm grows it.'),
  min_data_size: setupSize().optional().describe('Least size of the pool (MIN_DATA_SIZE): 2G without it.'),
  metadata_size: setupSize().optional().describe('Size of the metadata of the pool (POOL_META_SIZE).'),
  chunk_size: setupSize().optional().describe('Chunk of the pool when it is made (CHUNK_SIZE): 512K without it.'),
  root_size: setupSize()
    .optional()
    .describe('Size the root volume is grown to at each run of the tool (ROOT_SIZE). The lvm module does it better.'),
  growpart: z
    .boolean()
    .optional()
    .describe('Whether the partition of the root group is grown to the end of its disk (GROWPART).'),
  autoextend: z
    .union(
      [
        z.literal(false),
        z.strictObject({
          threshold: z.int().min(50).max(99).describe('Percent of the pool in use at which it grows.'),
          percent: z.int().min(1).max(100).describe('By how many percent it grows each time.'),
        }),
      ],
      { error: 'expected false, or {threshold: 60, percent: 20}' },
    )
    .optional()
    .describe('Whether the pool grows by itself (AUTO_EXTEND_POOL): {threshold: 60, percent: 20}, or false.'),
  device_wait: z
    .int()
    .min(0)
    .max(3600)
    .optional()
    .describe('Seconds the tool waits for its disks (DEVICE_WAIT_TIMEOUT): 60 without it.'),
  wipe_signatures: z
    .boolean()
    .optional()
    .describe(
      'Whether the tool erases what is on its disks (WIPE_SIGNATURES); allow_destroy must name each disk that is not empty.',
    ),
  root_volume: z
    .strictObject({
      name: plainWord('a volume').describe('Name of the volume (CONTAINER_ROOT_LV_NAME).'),
      path: absolutePath().describe('Where it is mounted: /var/lib/docker (CONTAINER_ROOT_LV_MOUNT_PATH).'),
      size: setupSize().optional().describe('Its size (CONTAINER_ROOT_LV_SIZE): 40%FREE without it.'),
    })
    .optional()
    .describe('A volume of its own for the data of docker, with xfs.'),
});

const OPTION = /^(?:dm|overlay2?|size|btrfs|zfs)(?:\.[a-z0-9_]+)?$/;

const Shape = z.strictObject({
  state: z
    .enum(['present', 'absent'])
    .default('present')
    .describe(
      'absent: docker is stopped, its pool, its storage configuration and everything below "data_root" are removed, each of which allow_destroy must name.',
    ),
  driver: z
    .enum(['devicemapper', 'overlay2', 'overlay'])
    .optional()
    .describe('The storage driver of docker. devicemapper ended with docker 25.'),
  setup: Setup.optional().describe(
    'Settings of container-storage-setup (docker-storage-setup), on hosts that have it: Atomic Hosts of Fedora, CentOS and RHEL 7. Its file is written whole. Without it docker is configured by daemon.json.',
  ),
  thinpool: z
    .string()
    .regex(/^[A-Za-z0-9_+.][A-Za-z0-9_+.-]*\/[A-Za-z0-9_+.][A-Za-z0-9_+.-]*$/, {
      error: 'expected GROUP/POOL, such as "docker/thinpool"',
    })
    .optional()
    .describe('With devicemapper and without "setup": the pool that a task with lvm has made, as GROUP/POOL.'),
  options: z
    .record(z.string(), plainWord('a value'))
    .refine((options) => Object.keys(options).every((key) => OPTION.test(key)), {
      error: 'expected storage options such as "dm.min_free_space"',
    })
    .default({})
    .describe('Storage options of docker: {dm.min_free_space: 10%, dm.basesize: 20G}.'),
  daemon: z
    .record(z.string(), PlainValue)
    .default({})
    .describe(
      'Other keys of /etc/docker/daemon.json: {live-restore: true, log-driver: journald}. Keys not named stay.',
    ),
  data_root: absolutePath().default('/var/lib/docker').describe('Where docker keeps its data.'),
  service: unitName().default('docker.service').describe('The unit of docker.'),
  running: z
    .boolean()
    .default(true)
    .describe('Whether docker runs afterwards. It is stopped only when its storage is made anew.'),
});
type Shape = z.infer<typeof Shape>;

const STORAGE_KEYS = ['storage-driver', 'storage-opts'];

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'driver',
    wrong: ({ state, driver }) => state === 'present' && driver === undefined,
    say: 'expected "driver", such as overlay2',
  },
  {
    at: 'thinpool',
    wrong: ({ thinpool, setup, driver }) =>
      thinpool !== undefined && (setup !== undefined || driver !== 'devicemapper'),
    say: '"thinpool" goes with driver: devicemapper, and not with "setup", which makes its own pool',
  },
  {
    at: 'thinpool',
    wrong: (want) =>
      want.state === 'present' &&
      want.driver === 'devicemapper' &&
      want.setup === undefined &&
      want.thinpool === undefined,
    say: 'devicemapper needs a pool: "thinpool", made with lvm, or "setup"; without one docker falls back to files on loop devices',
  },
  {
    at: 'daemon',
    wrong: ({ daemon }) => STORAGE_KEYS.some((key) => key in daemon),
    say: 'the storage driver and its options are "driver" and "options"',
  },
  {
    at: 'data_root',
    wrong: ({ data_root: root }) => root.split('/').length < 4,
    say: 'expected a folder of its own, such as /var/lib/docker',
  },
  {
    at: 'setup',
    wrong: ({ setup }) => setup?.wipe_signatures === true && setup.devs === undefined,
    say: '"wipe_signatures" needs "devs"',
  },
];

/** The wish of the `container_storage` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `container_storage` module. */
export type Params = z.infer<typeof Params>;
/** Settings of container-storage-setup. */
export type Setup = z.infer<typeof Setup>;
/** Keys of daemon.json. */
export type Daemon = Readonly<Record<string, Json>>;
