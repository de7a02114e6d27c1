import { z } from 'zod';
import { branchName } from '../ostree-names.ts';
import { Deltas, GpgKey } from '../ostree-signature.ts';
import { absolutePath, listOf, obey, unitName, type Rule } from '../params.ts';

/** A value of the repository's configuration. */
function configValue(): z.ZodType<string, string | number | boolean> {
  const error = 'expected a value of one line, not beginning with "-" and without "\\"';
  return z
    .union([z.string(), z.number(), z.boolean()], { error })
    .transform(String)
    .refine((text) => /^[^\s\\-][^\\\p{Cc}]*$/u.test(text) && !/\s$/.test(text), { error })
    .meta({ title: 'value' });
}

const CONFIG_KEY = /^[A-Za-z][A-Za-z0-9-]*\.[A-Za-z][A-Za-z0-9-]*$/;

const Serve = z.strictObject({
  state: z.enum(['present', 'absent']).default('present').describe('absent: the unit is stopped and removed.'),
  port: z.int().min(1).max(65_535).default(8080).describe('Port to listen on.'),
  address: z
    .string()
    .regex(/^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*)$/, {
      error: 'expected an address such as "0.0.0.0" or "::"',
    })
    .default('0.0.0.0')
    .describe('Address to listen on; "0.0.0.0" is every one.'),
  server: z
    .enum(['auto', 'python3', 'busybox'])
    .default('auto')
    .describe(
      'What serves: the http.server of python3, or the httpd of busybox. auto: the one the unit has, or the first that is there.',
    ),
  unit: unitName()
    .default('ostree-repo.service')
    .refine((name) => name.endsWith('.service') && !name.includes('@'), {
      error: 'expected a service such as "ostree-repo.service"',
    })
    .describe('Name of the unit; ostree-repo.service without it.'),
});
/** How the repository is served. */
export type Serve = z.infer<typeof Serve>;

const Shape = z.strictObject({
  path: absolutePath().describe('Folder of the repository; made, with those above it, when it is missing.'),
  mode: z
    .enum(['archive', 'bare', 'bare-user', 'bare-user-only'])
    .default('archive')
    .describe('How objects are kept: archive to be served over HTTP, bare-user to compose into. It never changes.'),
  config: z
    .record(z.string(), configValue())
    .refine((config) => Object.keys(config).every((key) => CONFIG_KEY.test(key)), {
      error: 'expected keys as GROUP.KEY, such as "core.min-free-space-percent"',
    })
    .default({})
    .describe('Keys of its configuration: {core.min-free-space-size: 2GB}. Keys not named stay.'),
  from: absolutePath()
    .optional()
    .describe('Another repository of the host, such as the one trees are composed into: "refs" are pulled from it.'),
  refs: listOf(branchName())
    .optional()
    .describe('The branches that are pulled, signed and get deltas. Without it all that the repository has.'),
  sign: GpgKey.optional().describe('The key that signs the newest commit of each ref, and the summary.'),
  verify: GpgKey.optional().describe(
    'The public key that must have signed the newest commit of each ref. The task fails when one has no good signature of it.',
  ),
  deltas: Deltas.optional().describe('Static deltas for the newest commit of each ref; only those missing are made.'),
  keep: z
    .int({ error: 'expected how many commits of each ref are kept' })
    .min(1)
    .max(10_000)
    .optional()
    .describe(
      'How many commits of each ref are kept. Older ones, and all that no ref leads to, are removed; allow_destroy must name the path.',
    ),
  summary: z
    .boolean()
    .optional()
    .describe('Whether the summary tells what there is, signed when there is "sign". Without it: in archive mode.'),
  fsck: z
    .enum(['never', 'changed', 'always'])
    .default('never')
    .describe('When every object is read and compared with its checksum: after changes, or each time. It takes long.'),
  serve: Serve.optional().describe('A unit of systemd that serves the repository over HTTP.'),
});
type Shape = z.infer<typeof Shape>;

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'from',
    wrong: ({ from, refs }) => from !== undefined && (refs ?? []).length === 0,
    say: 'expected "refs": what is to be pulled',
  },
  { at: 'from', wrong: ({ from, path }) => from === path, say: 'expected another repository than "path"' },
  {
    at: 'path',
    wrong: ({ path }) => path.split('/').length < 3,
    say: 'expected a folder of its own, such as /srv/repo',
  },
  {
    at: 'path',
    wrong: ({ path }) => /^(?:\/sysroot)?\/ostree(?:\/|$)/.test(path),
    say: 'this is the repository the host boots from: the ostree module is for it',
  },
  {
    at: 'verify',
    wrong: ({ verify, sign }) => verify !== undefined && sign !== undefined,
    say: '"sign" verifies what it signs: write one of both',
  },
  {
    at: 'config',
    wrong: ({ config }) => 'core.mode' in config || 'core.repo_version' in config,
    say: 'the mode is the parameter "mode"',
  },
  {
    at: 'serve',
    wrong: ({ serve, mode }) => serve?.state === 'present' && mode !== 'archive',
    say: 'only a repository in archive mode can be served',
  },
  {
    at: 'path',
    wrong: ({ serve, path }) => serve !== undefined && /[%$"'\\\s]/.test(path),
    say: 'expected a path without spaces, quotes, "%" and "$", as it stands in a unit',
  },
];

/** The wish of the `ostree_repo` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `ostree_repo` module. */
export type Params = z.infer<typeof Params>;
