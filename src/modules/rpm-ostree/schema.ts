import { z } from 'zod';
import { DEPLOYING } from '../activation-params.ts';
import { listOf, obey, packageName, type Rule } from '../params.ts';
import { TREE_RULES, wishesTree } from './tree-rules.ts';
import { TREE } from './tree-schema.ts';

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
  ...TREE,
  activate: z
    .enum(['stage', 'reboot', 'live', 'live_or_reboot'])
    .default('reboot')
    .describe(
      'reboot: boot the new deployment at once and prove it. stage: leave it for the next boot. live: put it into the running system. live_or_reboot: the same, and reboot where that cannot be done.',
    ),
  allow_replacement: z
    .boolean({ error: 'expected true or false' })
    .default(false)
    .describe('Lets a live apply change and remove packages too; without it packages are only added.'),
  restart_services: z
    .boolean({ error: 'expected true or false' })
    .default(false)
    .describe(
      'Restarts the running services that rpm-ostree names after a live apply; without it they are only reported.',
    ),
  ...DEPLOYING,
});
type Shape = z.infer<typeof Shape>;

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'packages',
    wrong: (want) =>
      (want.packages ?? []).length + (want.absent ?? []).length === 0 && !want.prune_inactive && !wishesTree(want),
    say: 'nothing is wished: expected "packages", "absent", "upgrade", "deploy", "rebase", "kargs" or another wish',
  },
  {
    at: 'absent',
    wrong: (want) => (want.absent ?? []).some((name) => (want.packages ?? []).includes(name)),
    say: 'a package cannot be wished both there and absent',
  },
  {
    at: 'activate',
    wrong: (want) => !isLive(want) && (want.allow_replacement || want.restart_services),
    say: '"allow_replacement" and "restart_services" are for a live apply: expected activate: live or live_or_reboot',
  },
  {
    at: 'activate',
    wrong: (want) => !mayReboot(want) && (want.health !== undefined || want.rollback !== 'never' || want.retry_denied),
    say: '"health", "rollback" and "retry_denied" are for a reboot: expected activate: reboot or live_or_reboot',
  },
  ...TREE_RULES,
];

/** True where the running system itself is to change. */
export function isLive({ activate }: Pick<Shape, 'activate'>): boolean {
  return activate === 'live' || activate === 'live_or_reboot';
}

/** True where the host may be rebooted. */
export function mayReboot({ activate }: Pick<Shape, 'activate'>): boolean {
  return activate === 'reboot' || activate === 'live_or_reboot';
}

/** The wish of the `rpm_ostree` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `rpm_ostree` module. */
export type Params = z.infer<typeof Params>;
