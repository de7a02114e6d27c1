import { z } from 'zod';
import type { DeploymentFact } from '../core/facts.ts';
import { NO_DEPLOYMENT } from './boot-order.ts';

const Reference = z.object({
  image: z.string(),
  transport: z.string().default('registry'),
  signature: z.unknown().optional(),
});

const Image = z.object({
  image: Reference,
  version: z.string().nullish(),
  imageDigest: z.string().default(''),
});

const Entry = z.object({
  image: Image.nullish(),
  cachedUpdate: Image.nullish(),
  incompatible: z.boolean().default(false),
  pinned: z.boolean().default(false),
  downloadOnly: z.boolean().default(false),
  softRebootCapable: z.boolean().default(false),
  ostree: z
    .object({ checksum: z.string(), deploySerial: z.number(), stateroot: z.string().default('default') })
    .nullish(),
  composefs: z.object({ verity: z.string() }).nullish(),
});

/** One deployment as bootc tells of it. */
export type BootcEntry = z.infer<typeof Entry>;

/** The part of `bootc status --json` that copse uses; versions before v1 leave keys out. */
export const BootcHost = z.object({
  kind: z.literal('BootcHost'),
  spec: z.object({ image: Reference.nullish() }).optional(),
  status: z.object({
    staged: Entry.nullish(),
    booted: Entry.nullish(),
    rollback: Entry.nullish(),
    otherDeployments: z.array(Entry).nullish(),
    rollbackQueued: z.boolean().default(false),
  }),
});
/** The part of `bootc status --json` that copse uses. */
export type BootcHost = z.infer<typeof BootcHost>;

/** The deployments bootc tells of, in boot order. It knows of no layered packages. */
export function bootcDeployments({ status }: BootcHost): DeploymentFact[] {
  const { staged, booted, rollback, otherDeployments, rollbackQueued } = status;
  const first = staged ? [deployment(staged, { staged: true, locked: staged.downloadOnly })] : [];
  const running = booted ? [deployment(booted, { booted: true })] : [];
  const back = rollback ? [deployment(rollback, {})] : [];
  const order = rollbackQueued ? [...back, ...running] : [...running, ...back];
  return [...first, ...order, ...(otherDeployments ?? []).map((one) => deployment(one, {}))];
}

/** Id of a deployment, the same that rpm-ostree and ostree give it. */
export function bootcId({ ostree, composefs }: BootcEntry): string {
  const { checksum, deploySerial, stateroot } = ostree ?? {
    checksum: composefs?.verity ?? '',
    deploySerial: 0,
    stateroot: 'default',
  };
  return `${stateroot}-${checksum}.${deploySerial}`;
}

function deployment(entry: BootcEntry, over: Partial<DeploymentFact>): DeploymentFact {
  const checksum = entry.ostree?.checksum ?? entry.composefs?.verity ?? '';
  return {
    ...NO_DEPLOYMENT,
    id: bootcId(entry),
    checksum,
    base_checksum: checksum,
    version: entry.image?.version ?? '',
    origin: entry.image?.image.image ?? '',
    pinned: entry.pinned,
    stateroot: entry.ostree?.stateroot ?? 'default',
    ...over,
  };
}
