import { z } from 'zod';
import { CONTENT, CONTENT_RULE } from '../content-params.ts';
import { absolutePathOrFolder, fileMode, localFile, maybeSecret, obey, type Rule } from '../params.ts';

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
  ...CONTENT,
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
  CONTENT_RULE,
];

/** The wish of the `copy` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `copy` module. */
export type Params = z.infer<typeof Params>;
