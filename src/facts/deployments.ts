import { z } from 'zod';
import type { DeploymentFact, OstreeFacts } from '../core/facts.ts';
import { fault } from '../core/problem.ts';
import { BootcHost, bootcDeployments } from './bootc.ts';
import { NO_DEPLOYMENT, orderedFacts } from './boot-order.ts';
import { OstreeStatus, ostreeDeployments, ostreeTextDeployments } from './ostree.ts';

const names = z.array(z.string()).default([]);

/** The part of `rpm-ostree status --json` that copse uses; every version since 2017 has it, other keys are left alone. */
const RpmOstreeStatus = z.object({
  deployments: z.array(
    z.object({
      id: z.string(),
      osname: z.string(),
      checksum: z.string(),
      'base-checksum': z.string().optional(),
      version: z.string().nullish(),
      origin: z.string().nullish(),
      'container-image-reference': z.string().nullish(),
      booted: z.boolean(),
      staged: z.boolean().default(false),
      pinned: z.boolean().default(false),
      'finalization-locked': z.boolean().default(false),
      'requested-packages': names,
      packages: names,
      'requested-local-packages': names,
      'live-replaced': z.string().nullish(),
    }),
  ),
  transaction: z.unknown(),
  'update-driver': z.object({ 'driver-sd-unit': z.string() }).nullish(),
});
type RpmOstreeStatus = z.infer<typeof RpmOstreeStatus>;

/**
 * The deployments of a host from what one of its tools printed: `rpm-ostree status --json`, `bootc status --json`,
 * `ostree admin status --json` or the text of `ostree admin status`. Throws E_ANSWER when it is none of them.
 */
export function parseDeployments(text: string): OstreeFacts {
  if (!text.trimStart().startsWith('{')) {
    const found = ostreeTextDeployments(text);
    if (found !== undefined) return orderedFacts('ostree', found);
    throw fault({
      code: 'E_ANSWER',
      message: `expected the deployments of the host, found "${text.trim().slice(0, 80)}"`,
    });
  }
  const json = parseJson(text);
  if (BootcHost.safeParse(json).success) return orderedFacts('bootc', bootcDeployments(BootcHost.parse(json)));
  const rpmOstree = RpmOstreeStatus.safeParse(json);
  if (rpmOstree.success) return rpmOstreeFacts(rpmOstree.data);
  const ostree = OstreeStatus.safeParse(json);
  if (ostree.success) return orderedFacts('ostree', ostreeDeployments(ostree.data));
  const [issue] = rpmOstree.error.issues;
  const where = issue === undefined ? '' : `: at ${issue.path.join('.')}: ${issue.message}`;
  throw fault({
    code: 'E_ANSWER',
    message: `expected the status of rpm-ostree, bootc or ostree, found other JSON${where}`,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = `expected the status of rpm-ostree as JSON, found text that ends "${text.trim().slice(-40)}"`;
    throw fault({ code: 'E_ANSWER', message }, error);
  }
}

function rpmOstreeFacts(status: RpmOstreeStatus): OstreeFacts {
  const facts = orderedFacts('rpm-ostree', status.deployments.map(rpmOstreeDeployment));
  const busy = status.transaction !== null && status.transaction !== undefined;
  return { ...facts, busy, driver: status['update-driver']?.['driver-sd-unit'] ?? '' };
}

function rpmOstreeDeployment(one: RpmOstreeStatus['deployments'][number]): DeploymentFact {
  const live = one['live-replaced'] ?? '';
  return {
    ...NO_DEPLOYMENT,
    id: one.id,
    checksum: one.checksum,
    base_checksum: one['base-checksum'] ?? one.checksum,
    version: one.version ?? '',
    origin: one['container-image-reference'] ?? one.origin ?? '',
    booted: one.booted,
    staged: one.staged,
    pinned: one.pinned,
    locked: one['finalization-locked'],
    stateroot: one.osname,
    requested_packages: one['requested-packages'],
    packages: one.packages,
    local_packages: one['requested-local-packages'],
    // After `apply-live --reset` the key stays and names the deployment's own commit.
    live: live === one.checksum ? '' : live,
  };
}
