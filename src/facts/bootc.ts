import { z } from 'zod';
import type { DeploymentFact } from '../core/facts.ts';
import { NO_DEPLOYMENT } from './boot-order.ts';

const Entry = z.object({
  image: z.object({ image: z.object({ image: z.string() }), version: z.string().nullish() }).nullish(),
  pinned: z.boolean().default(false),
  downloadOnly: z.boolean().default(false),
  ostree: z
    .object({ checksum: z.string(), deploySerial: z.number(), stateroot: z.string().default('default') })
    .nullish(),
  composefs: z.object({ verity: z.string() }).nullish(),
});
type Entry = z.infer<typeof Entry>;

/** The part of `bootc status --json` that copse uses. */
export const BootcHost = z.object({
  kind: z.literal('BootcHost'),
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

function deployment(entry: Entry, over: Partial<DeploymentFact>): DeploymentFact {
  const { checksum, deploySerial, stateroot } = entry.ostree ?? {
    checksum: entry.composefs?.verity ?? '',
    deploySerial: 0,
    stateroot: 'default',
  };
  return {
    ...NO_DEPLOYMENT,
    id: `${stateroot}-${checksum}.${deploySerial}`,
    checksum,
    base_checksum: checksum,
    version: entry.image?.version ?? '',
    origin: entry.image?.image.image ?? '',
    pinned: entry.pinned,
    stateroot,
    ...over,
  };
}
