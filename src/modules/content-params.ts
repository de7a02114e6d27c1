import { z } from 'zod';
import { accountName, publicText, type Rule } from './params.ts';

/** The parameters of every module that says whose a file is. */
export const OWNERS = {
  owner: accountName().optional().describe('User it belongs to, by name or number.'),
  group: accountName().optional().describe('Group it belongs to, by name or number.'),
} as const;

/** The parameters of every module that replaces the content of a file; their rule is `CONTENT_RULE`. */
export const CONTENT = {
  ...OWNERS,
  backup: z
    .boolean()
    .default(false)
    .describe('Keeps the former file beside it, under a name with the identity of the run.'),
  validate: z
    .array(publicText('a word'))
    .min(1)
    .optional()
    .describe(
      'A command that checks the new content before it is put in place; the word "%s" is a temporary file with it: [sshd, -t, -f, "%s"].',
    ),
} as const;

/** A check of the content must say where the content is. */
export const CONTENT_RULE: Rule<{ readonly validate?: readonly string[] | undefined }> = {
  at: 'validate',
  wrong: (want) => want.validate !== undefined && !want.validate.includes('%s'),
  say: 'expected the word "%s", which stands for the file to check',
};
