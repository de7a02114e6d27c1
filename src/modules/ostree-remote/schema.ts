import { z } from 'zod';
import { branchName, remoteName } from '../ostree-names.ts';
import { SYSTEM_REPO } from '../ostree-repository.ts';
import { absolutePath, listOf, localFile, obey, type Rule } from '../params.ts';

const FLAG = { error: 'expected true or false' };

/** Keys that have a parameter of their own. */
const OWN_KEYS = ['url', 'branches', 'gpg-verify', 'gpg-verify-summary'];

function url(): z.ZodType<string, string> {
  const error = 'expected a URL such as "https://example.org/repo", or "mirrorlist=https://..."';
  return z
    .string({ error })
    .regex(/^(?:mirrorlist=)?(?:https?:\/\/[^\s"'<>\\]+|file:\/\/\/[^\s"'<>\\]*)$/, { error })
    .transform((text) => text.replace(/(?<=[^/])\/+$/, ''))
    .meta({ title: 'URL' });
}

function optionValue(): z.ZodType<string, string | number | boolean> {
  const error = 'expected a value of one line';
  return z
    .union([z.string(), z.number(), z.boolean()], { error })
    .transform((value) => String(value).trim())
    .refine((text) => !/\p{Cc}/u.test(text), { error })
    .meta({ title: 'value' });
}

function keyText(): z.ZodType<string, string> {
  const error = 'expected a public key as text, beginning with "-----BEGIN PGP PUBLIC KEY BLOCK-----"';
  return z
    .string({ error })
    .regex(/-----BEGIN PGP PUBLIC KEY BLOCK-----[^]*-----END PGP PUBLIC KEY BLOCK-----/, { error })
    .meta({ title: 'key' });
}

const Shape = z.strictObject({
  name: remoteName().describe('Name of the remote; refs of it are called NAME:BRANCH.'),
  state: z.enum(['present', 'absent']).default('present').describe('absent: the remote and its keys are removed.'),
  url: url().optional().describe('Where the repository is: http, https, file, or mirrorlist=URL.'),
  gpg_verify: z
    .boolean(FLAG)
    .default(true)
    .describe('Commits must be signed by a key of the remote; false takes them unsigned.'),
  gpg_verify_summary: z
    .boolean(FLAG)
    .optional()
    .describe('The summary, which lists the refs, must be signed too; as it is when nothing is said.'),
  keys: listOf(keyText())
    .optional()
    .describe('Public keys of gpg that may sign, as text (armored), one or a list. Imported where they are missing.'),
  keys_src: z
    .union([localFile().transform((file) => [file]), z.array(localFile())])
    .optional()
    .describe('Files of this machine with such keys, armored or binary.'),
  branches: listOf(branchName())
    .optional()
    .describe('Branches that "ostree pull NAME" takes when it is not told which.'),
  options: z
    .record(z.string().regex(/^[a-z][a-z0-9-]*$/, { error: 'expected a key such as "proxy"' }), optionValue())
    .default({})
    .describe(
      'Further keys of the remote: {proxy: "http://proxy:3128", tls-ca-path: /etc/pki/ca.pem, contenturl: ..., http2: false}. An empty value takes a key away; keys not named stay.',
    ),
  repo: absolutePath()
    .prefault(SYSTEM_REPO)
    .describe('Repository the remote belongs to: that of the system, or the folder of another one.'),
});
type Shape = z.infer<typeof Shape>;

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'url',
    wrong: ({ state, url: where }) => state === 'present' && where === undefined,
    say: 'a remote needs its "url"',
  },
  {
    at: 'state',
    wrong: (want) =>
      want.state === 'absent' &&
      [want.url, want.keys, want.keys_src, want.branches, want.gpg_verify_summary].some((one) => one !== undefined),
    say: 'a remote that is to be absent has no "url", "keys" or "branches"',
  },
  {
    at: 'gpg_verify',
    wrong: (want) => !want.gpg_verify && (want.keys ?? want.keys_src) !== undefined,
    say: '"keys" are for commits that are verified: expected gpg_verify: true',
  },
  {
    at: 'options',
    wrong: ({ options }) => OWN_KEYS.some((key) => key in options),
    say: '"url", "branches", "gpg-verify" and "gpg-verify-summary" have parameters of their own',
  },
];

/** The wish of the `ostree_remote` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `ostree_remote` module. */
export type Params = z.infer<typeof Params>;
