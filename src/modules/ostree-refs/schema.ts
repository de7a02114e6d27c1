import { z } from 'zod';
import { branchName, refName, refOrPoint, sourceOf } from '../ostree-names.ts';
import { SYSTEM_REPO } from '../ostree-repository.ts';
import { absolutePath, duration, listOf, obey, type Rule } from '../params.ts';

const FLAG = { error: 'expected true or false' };

const Prune = z.strictObject({
  keep: z
    .int({ error: 'expected how many commits of each ref are kept' })
    .min(1)
    .max(10_000)
    .optional()
    .describe('How many commits of each ref are kept; only the newest when nothing is said.'),
  keep_younger_than: duration()
    .optional()
    .describe('Keeps, beside the newest commit of each ref, those before it that were made in this time: "30d".'),
});
/** Which commits stay. */
export type Prune = z.infer<typeof Prune>;

const Shape = z.strictObject({
  refs: listOf(refOrPoint())
    .optional()
    .describe(
      'Refs that must be there. REMOTE:BRANCH is pulled when it is missing. REF@COMMIT must be at that commit: a ref of a remote is pulled where the commit is missing, a branch of the repository itself is made or moved.',
    ),
  update: z
    .boolean(FLAG)
    .default(false)
    .describe('Brings those of "refs" that name no commit to the newest commit of their remote.'),
  allow_downgrade: z
    .boolean(FLAG)
    .default(false)
    .describe('Lets "update" go to an older commit, where the maker of the ref went back.'),
  absent: listOf(refName())
    .optional()
    .describe('Refs and aliases that must be gone. Their commits go when the repository is pruned.'),
  aliases: z
    .record(z.string(), branchName())
    .refine((aliases) => Object.keys(aliases).every((name) => branchName().safeParse(name).success), {
      error: 'expected names of branches, such as "os/current"',
    })
    .optional()
    .describe('Further names of branches of the repository itself: {os/current: os/stable/x86_64}.'),
  prune: Prune.optional().describe(
    'Removes every commit that no ref leads to, and older ones of each ref; "allow_destroy" must name the repository. {} keeps the newest commit of each ref.',
  ),
  repo: absolutePath()
    .prefault(SYSTEM_REPO)
    .describe('The repository: that of the system, or the folder of another one.'),
  busy_timeout: duration()
    .prefault('15m')
    .describe('How long to wait for a transaction of rpm-ostree; it is never cancelled.'),
});
type Shape = z.infer<typeof Shape>;

/** Names under which ostree and rpm-ostree keep what deployments are made of. */
const KEPT = /^(?:ostree|rpmostree)\//;

function namesOf({ refs, aliases }: Shape): readonly string[] {
  return [...(refs ?? []).map((text) => sourceOf(text).ref), ...Object.keys(aliases ?? {})];
}

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'refs',
    wrong: ({ refs, absent, aliases, prune }) =>
      prune === undefined && [refs, absent, Object.keys(aliases ?? {})].every((list) => (list ?? []).length === 0),
    say: 'nothing is wished: expected "refs", "absent", "aliases" or "prune"',
  },
  {
    at: 'refs',
    wrong: ({ refs }) =>
      (refs ?? []).some((text) => {
        const { remote, commit } = sourceOf(text);
        return remote === '' && commit === '';
      }),
    say: 'a branch of the repository itself needs its commit: expected BRANCH@COMMIT, or REMOTE:BRANCH',
  },
  {
    at: 'refs',
    wrong: (want) => {
      const names = namesOf(want);
      return names.some((name, index) => names.indexOf(name) !== index);
    },
    say: 'a ref stands here twice: expected each once, at one commit or as one alias',
  },
  {
    at: 'absent',
    wrong: (want) => [...namesOf(want), ...Object.values(want.aliases ?? {})].some((one) => want.absent?.includes(one)),
    say: 'a ref cannot be wished both absent and there',
  },
  {
    at: 'absent',
    wrong: (want) => [...(want.absent ?? []), ...namesOf(want)].some((name) => KEPT.test(name)),
    say: '"ostree/…" and "rpmostree/…" keep deployments and layers from being pruned: they go with their deployment',
  },
  {
    at: 'update',
    wrong: ({ refs, update }) => update && (refs ?? []).every((text) => text.includes('@')),
    say: '"update" is for "refs" that name no commit',
  },
  {
    at: 'allow_downgrade',
    wrong: ({ update, allow_downgrade: isAllowed }) => isAllowed && !update,
    say: '"allow_downgrade" is for "update"; REF@COMMIT may go to an older commit anyway',
  },
  {
    at: 'prune',
    wrong: ({ prune, refs }) => prune !== undefined && (refs ?? []).length > 0,
    say: 'what is pulled decides what is old: write "prune" into a task of its own after it',
  },
  {
    at: 'prune',
    wrong: ({ prune }) => prune?.keep !== undefined && prune.keep_younger_than !== undefined,
    say: 'ostree goes by the number or by the time: expected "keep" or "keep_younger_than"',
  },
];

/** The wish of the `ostree_refs` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `ostree_refs` module. */
export type Params = z.infer<typeof Params>;
