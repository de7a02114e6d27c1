import { z } from 'zod';
import {
  absolutePathOrFolder,
  accountName,
  fileMode,
  localFile,
  maybeSecret,
  obey,
  publicText,
  type Rule,
} from '../params.ts';

const Shape = z.strictObject({
  dest: absolutePathOrFolder().describe(
    'The file to write. With a slash at its end it is a folder, and the file keeps the name of "src".',
  ),
  src: localFile().optional().describe('A file of this machine; a relative path starts at the playbook.'),
  content: maybeSecret('expected text; for JSON write content: ${{ toJson(value) }} or quote it')
    .optional()
    .describe('The text itself; may be a secret.'),
  mode: z
    .union([z.literal('preserve'), fileMode()], { error: 'expected a file mode such as "0644", or "preserve"' })
    .optional()
    .describe(
      'Permissions as quoted octal digits: "0644". preserve: those of "src". Without it an existing file keeps its own, and a new one gets 0644.',
    ),
  owner: accountName().optional().describe('User it belongs to, by name or number.'),
  group: accountName().optional().describe('Group it belongs to, by name or number.'),
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
});
type Shape = z.infer<typeof Shape>;

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'src',
    wrong: (want) => (want.src === undefined) === (want.content === undefined),
    say: 'expected either "src" or "content"',
  },
  {
    at: 'dest',
    wrong: (want) => want.dest.endsWith('/') && want.src === undefined,
    say: 'expected the path of a file: with "content" there is no name to put into a folder',
  },
  {
    at: 'mode',
    wrong: (want) => want.mode === 'preserve' && want.src === undefined,
    say: '"preserve" goes with "src"',
  },
  {
    at: 'validate',
    wrong: (want) => want.validate !== undefined && !want.validate.includes('%s'),
    say: 'expected the word "%s", which stands for the file to check',
  },
];

/** The wish of the `copy` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `copy` module. */
export type Params = z.infer<typeof Params>;
