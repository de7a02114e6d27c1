import { z } from 'zod';
import { refName } from '../ostree-names.ts';
import { SYSTEM_REPO } from '../ostree-repository.ts';
import { absolutePath, duration, listOf, obey, type Rule } from '../params.ts';

const FLAG = { error: 'expected true or false' };

function pattern(): z.ZodType<string, string> {
  const error =
    'expected a path below /etc such as "/etc/ssh/ssh_host_*", with "*" for a part of a name and "**" for any depth';
  return z
    .string({ error })
    .regex(/^\/etc\/(?!(?:.*\/)?\.\.(?:\/|$))[^\p{Cc}]{1,200}$/u, { error })
    .meta({ title: 'path' });
}

const Shape = z.strictObject({
  config_diff: z
    .boolean(FLAG)
    .default(false)
    .describe(
      'Tells what of /etc was changed, added or removed since the deployment was made (ostree admin config-diff).',
    ),
  allow_changes: listOf(pattern())
    .optional()
    .describe(
      'The task fails when anything of /etc differs that none of these paths covers: "*" stands for a part of a name, "**" for any depth; a folder covers what is in it.',
    ),
  fsck: z
    .boolean(FLAG)
    .default(false)
    .describe(
      'Reads every object of the repository and fails when one is damaged. It takes minutes, and much of the disk.',
    ),
  log: refName().optional().describe('Ref whose commits are told, as far as the repository has them.'),
  refs: z.boolean(FLAG).default(false).describe('Tells the refs of the repository with their commits.'),
  repo: absolutePath()
    .prefault(SYSTEM_REPO)
    .describe('Repository for "fsck", "log" and "refs": that of the system, or the folder of another one.'),
  busy_timeout: duration().prefault('15m').describe('How long "fsck" waits for a transaction of rpm-ostree to end.'),
});
type Shape = z.infer<typeof Shape>;

/** True when /etc is compared. */
export function comparesEtc({ config_diff: isTold, allow_changes: allowed }: Shape): boolean {
  return isTold || allowed !== undefined;
}

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'config_diff',
    wrong: (want) => !comparesEtc(want) && !want.fsck && !want.refs && want.log === undefined,
    say: 'nothing is asked: expected "config_diff", "allow_changes", "fsck", "log" or "refs"',
  },
];

/** The wish of the `ostree_check` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `ostree_check` module. */
export type Params = z.infer<typeof Params>;
