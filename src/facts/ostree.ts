import { z } from 'zod';
import type { DeploymentFact } from '../core/facts.ts';
import { NO_DEPLOYMENT } from './boot-order.ts';

/** The part of `ostree admin status --json` (since 2025.3) that copse uses. */
export const OstreeStatus = z.object({
  deployments: z.array(
    z.object({
      checksum: z.string(),
      stateroot: z.string(),
      serial: z.number(),
      refspec: z.string().nullish(),
      version: z.string().nullish(),
      booted: z.boolean(),
      staged: z.boolean().default(false),
      pinned: z.boolean().default(false),
      'finalization-locked': z.boolean().default(false),
    }),
  ),
});
/** The part of `ostree admin status --json` that copse uses. */
export type OstreeStatus = z.infer<typeof OstreeStatus>;

/** The deployments ostree tells of as JSON, in boot order. */
export function ostreeDeployments(status: OstreeStatus): DeploymentFact[] {
  return status.deployments.map((one) => ({
    ...NO_DEPLOYMENT,
    id: `${one.stateroot}-${one.checksum}.${one.serial}`,
    checksum: one.checksum,
    base_checksum: one.checksum,
    version: one.version ?? '',
    origin: one.refspec ?? '',
    booted: one.booted,
    staged: one.staged,
    pinned: one.pinned,
    locked: one['finalization-locked'],
    stateroot: one.stateroot,
  }));
}

const HEAD = /^([* ]) (\S+) ([0-9a-f]{64})\.(\d+)(.*)$/;

/**
 * The deployments in the text of `ostree admin status`, which is all that versions before 2025.3 print; undefined when there
 * are none. The mark `*` and the ids are no words of a language; the flags in parentheses are only added when they are there.
 */
export function ostreeTextDeployments(text: string): DeploymentFact[] | undefined {
  const found: DeploymentFact[] = [];
  for (const line of text.split('\n')) {
    const [, mark, stateroot, checksum, serial, flags = ''] = HEAD.exec(line) ?? [];
    const last = found.at(-1);
    if (stateroot !== undefined && checksum !== undefined && serial !== undefined) {
      const id = `${stateroot}-${checksum}.${serial}`;
      const isLocked = flags.includes('(finalization locked)');
      const marks = { booted: mark === '*', staged: flags.includes('(staged)') || isLocked, locked: isLocked };
      found.push({ ...NO_DEPLOYMENT, id, checksum, base_checksum: checksum, stateroot, ...marks });
    } else if (last !== undefined) {
      found[found.length - 1] = withDetail(last, line.trim());
    }
  }
  return found.length === 0 ? undefined : found;
}

function withDetail(one: DeploymentFact, line: string): DeploymentFact {
  const version = /^Version: (.+)$/.exec(line)?.[1];
  if (version !== undefined) return { ...one, version };
  const origin = /^origin refspec: (.+)$/.exec(line)?.[1];
  if (origin !== undefined) return { ...one, origin };
  return line === 'Pinned: yes' ? { ...one, pinned: true } : one;
}
