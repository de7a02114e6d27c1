import { z } from 'zod';
import { duration, listOf, obey, packageName, type Rule } from '../params.ts';

const Shape = z.strictObject({
  packages: listOf(packageName())
    .optional()
    .describe('Packages that must be there, one or a list: names, capabilities, or paths that a package provides.'),
  absent: listOf(packageName())
    .optional()
    .describe('Layered packages that must go, as they were requested; a local RPM by its name or NEVRA.'),
  request: z
    .enum(['missing', 'all'])
    .default('missing')
    .describe(
      'missing: what is there already, in the image or because another package needs it, is left at that. all: everything is requested, so that it stays when the image loses it.',
    ),
  prune_inactive: z
    .boolean({ error: 'expected true or false' })
    .default(false)
    .describe('Drops requests that the image has come to fulfil by itself.'),
  activate: z
    .enum(['stage', 'reboot'])
    .default('reboot')
    .describe('reboot: boot the new deployment at once and prove it. stage: leave it for the next boot.'),
  busy_timeout: duration()
    .prefault('15m')
    .describe('How long to wait for a transaction of somebody else; it is never cancelled.'),
  reboot_timeout: duration().prefault('20m').describe('How long the host may take to come back.'),
});
type Shape = z.infer<typeof Shape>;

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'packages',
    wrong: (want) => (want.packages ?? []).length + (want.absent ?? []).length === 0 && !want.prune_inactive,
    say: 'nothing is wished: expected "packages", "absent" or "prune_inactive"',
  },
  {
    at: 'absent',
    wrong: (want) => (want.absent ?? []).some((name) => (want.packages ?? []).includes(name)),
    say: 'a package cannot be wished both there and absent',
  },
];

/** The wish of the `rpm_ostree` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `rpm_ostree` module. */
export type Params = z.infer<typeof Params>;
