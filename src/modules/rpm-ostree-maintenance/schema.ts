import { z } from 'zod';
import { duration, listOf, obey, type Rule } from '../params.ts';

const FLAG = { error: 'expected true or false' };

function deployment(): z.ZodType<string, string> {
  const error = 'expected "booted", or the version, checksum or id of a deployment';
  return z
    .string({ error })
    .regex(/^[A-Za-z0-9][\w.:+~^-]*$/, { error })
    .meta({ title: 'deployment' });
}

const Shape = z.strictObject({
  cleanup: listOf(z.enum(['pending', 'rollback', 'base', 'repomd', 'live']))
    .optional()
    .describe(
      'pending: what waits to be booted goes. rollback: what could be gone back to goes. base: left-over files go. repomd: cached metadata of the repositories goes. live: what was applied to the running system goes, so that it is the booted deployment again. Pinned deployments stay.',
    ),
  refresh_md: z.boolean(FLAG).default(false).describe('Reads the metadata of the repositories anew.'),
  pinned: listOf(deployment())
    .optional()
    .describe('Deployments that no cleanup and no update removes: "booted", a version, checksum or id.'),
  unpinned: listOf(deployment())
    .optional()
    .describe('Deployments that need not stay: "booted", a version, checksum or id; one that is not there is fine.'),
  automatic_updates: z
    .enum(['none', 'check', 'stage', 'apply'])
    .optional()
    .describe(
      'What the host does by itself, in /etc/rpm-ostreed.conf and rpm-ostreed-automatic.timer. none: nothing. check: looks. stage: the next boot has it. apply: it reboots too.',
    ),
  busy_timeout: duration()
    .prefault('15m')
    .describe('How long to wait for a transaction of somebody else; it is never cancelled.'),
});
type Shape = z.infer<typeof Shape>;

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'cleanup',
    wrong: ({ cleanup, refresh_md, pinned, unpinned, automatic_updates: policy }) =>
      (cleanup ?? []).length + (pinned ?? []).length + (unpinned ?? []).length === 0 &&
      !refresh_md &&
      policy === undefined,
    say: 'nothing is wished: expected "cleanup", "refresh_md", "pinned", "unpinned" or "automatic_updates"',
  },
  {
    at: 'unpinned',
    wrong: ({ pinned, unpinned }) => (pinned ?? []).some((one) => (unpinned ?? []).includes(one)),
    say: 'a deployment cannot be wished both pinned and unpinned',
  },
];

/** The wish of the `rpm_ostree_maintenance` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `rpm_ostree_maintenance` module. */
export type Params = z.infer<typeof Params>;
