import { z } from 'zod';
import { branchName } from '../ostree-names.ts';
import { Deltas, GpgKey } from '../ostree-signature.ts';
import { absolutePath, duration, listOf, localFile, obey, publicText, type Rule } from '../params.ts';

/** A word of a command, or of a script that systemd runs: one line. */
function word(what: string): z.ZodType<string, string> {
  return publicText(what).refine((text) => !/\p{Cc}/u.test(text), { error: `expected ${what} without line ends` });
}

const Git = z.strictObject({
  url: z
    .string()
    .regex(/^(?:https?:\/\/|ssh:\/\/|git:\/\/|file:\/\/|\/|[A-Za-z0-9_.][A-Za-z0-9_.-]*@[A-Za-z0-9])[^\s\p{Cc}]*$/u, {
      error: 'expected a URL such as "https://pagure.io/fedora-atomic.git"',
    })
    .describe('Where it is cloned from, without a password in it.'),
  revision: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.+-]*(?:\/[A-Za-z0-9_][A-Za-z0-9_.+-]*)*$/, {
      error: 'expected a branch, a tag or a whole commit id',
    })
    .default('HEAD')
    .describe('Branch, tag or whole commit id.'),
  path: absolutePath().describe('Folder of the working tree. What is changed there by hand is lost.'),
});
/** Where the treefile comes from. */
export type Git = z.infer<typeof Git>;

const Timer = z.strictObject({
  state: z.enum(['present', 'absent']).default('present').describe('absent: timer, service and script are removed.'),
  on_calendar: z
    .string()
    .regex(/^[A-Za-z0-9*][A-Za-z0-9*,:./~ -]*$/, { error: 'expected a time such as "daily" or "Mon..Fri 02:30"' })
    .default('daily')
    .describe('When, as systemd.time(7) has it.'),
  randomized_delay: duration().optional().describe('By how much it may come later: 1h.'),
});
/** How it is composed again and again. */
export type Timer = z.infer<typeof Timer>;

const Shape = z.strictObject({
  treefile: absolutePath().describe('The treefile on the host, which says what is in the tree.'),
  ref: branchName().describe(
    'The branch that the treefile makes, as it stands there under "ref", variables filled in.',
  ),
  repo: absolutePath().describe('The repository, made with ostree_repo before.'),
  cachedir: absolutePath().describe('Folder for downloaded packages, kept between composes; made when it is missing.'),
  files: listOf(localFile())
    .optional()
    .describe('Files of this machine that are copied beside the treefile before: it, what it includes, .repo files.'),
  git: Git.optional().describe('A git repository with the treefile, cloned and brought to the revision before.'),
  inputs: absolutePath()
    .optional()
    .describe('Folder whose files decide whether anything has changed: that of "git", or of the treefile, without it.'),
  rebuild: z
    .enum(['changed', 'always'])
    .default('changed')
    .describe(
      'changed: when a file of "inputs" or a parameter differs from the last time. always: rpm-ostree looks for newer packages each time, and composes when there are.',
    ),
  unified_core: z
    .boolean()
    .optional()
    .describe('Whether packages are unpacked by rpm-ostree itself. Without it: where it can (2018.7).'),
  metadata: z
    .record(z.string(), word('text'))
    .refine((all) => Object.keys(all).every((key) => /^[A-Za-z][A-Za-z0-9_.-]*$/.test(key)), {
      error: 'expected keys such as "example.build"',
    })
    .default({})
    .describe('Metadata of the commit: {example.build: "42"}.'),
  options: z
    .array(
      word('an option').refine((text) => text.startsWith('--'), { error: 'expected an option such as "--cache-only"' }),
    )
    .default([])
    .describe(
      'Further options of "rpm-ostree compose tree", each as one word: ["--ex-lockfile=/srv/build/lock.json"].',
    ),
  sign: GpgKey.optional().describe('The key that signs the commit, and the summary.'),
  deltas: Deltas.optional().describe('Static deltas for the new commit.'),
  keep: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe('How many commits of each ref are kept after a compose; allow_destroy must name the repository.'),
  summary: z.boolean().default(true).describe('Whether the summary of the repository is written after a compose.'),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,80}$/, { error: 'expected a name such as "atomic-host"' })
    .default('ostree-compose')
    .describe('Name of the timer, of its service and of its script in /etc/copse/compose: one for each tree.'),
  timer: Timer.optional().describe('A timer of systemd that composes and publishes without copse.'),
  timeout: duration().default(7_200_000).describe('The longest a compose may take; 2h without it.'),
});
type Shape = z.infer<typeof Shape>;

/** The folder whose files decide whether anything has changed. */
export function inputsOf({ inputs, git, treefile }: Shape): string {
  return inputs ?? git?.path ?? folderOf(treefile);
}

/** The folder of a file. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

function isBelow(path: string, folder: string): boolean {
  return `${path}/`.startsWith(folder === '/' ? '/' : `${folder}/`);
}

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'treefile',
    wrong: ({ treefile }) => folderOf(treefile).split('/').length < 3,
    say: 'expected a treefile in a folder of its own, such as /srv/build/config/host.yaml',
  },
  {
    at: 'treefile',
    wrong: ({ git, treefile }) => git !== undefined && !isBelow(treefile, git.path),
    say: 'expected a path below "git.path"',
  },
  { at: 'files', wrong: ({ files, git }) => files !== undefined && git !== undefined, say: '"git" brings the files' },
  {
    at: 'repo',
    wrong: (want) => isBelow(want.repo, inputsOf(want)) || isBelow(want.cachedir, inputsOf(want)),
    say: 'the folder of the treefile must not hold the repository or the cache: they differ after every compose',
  },
  {
    at: 'files',
    wrong: ({ files }) => new Set(files?.map(({ path }) => path.split('/').at(-1))).size !== (files ?? []).length,
    say: 'two of these files have the same name',
  },
];

/** The wish of the `ostree_compose` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `ostree_compose` module. */
export type Params = z.infer<typeof Params>;
