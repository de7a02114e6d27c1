import { z } from 'zod';
import { OWNERS } from '../content-params.ts';
import { absolutePath, fileMode, obey, type Rule } from '../params.ts';

const Shape = z.strictObject({
  path: absolutePath().describe('What it is about.'),
  state: z
    .enum(['file', 'directory', 'link', 'touch', 'absent'])
    .optional()
    .describe(
      'directory: a folder, made with its parents; file: a file that must exist already (write one with copy); link: a symbolic link to "src"; touch: a file, made empty when missing; absent: nothing. Without it only mode and owner of what is there are set.',
    ),
  mode: fileMode()
    .optional()
    .describe('Permissions as quoted octal digits: "0644". A new folder gets 0755, a new file 0644.'),
  ...OWNERS,
  src: z
    .string({ error: 'expected the target of the link' })
    .min(1)
    .refine((target) => !/[\0\n]/.test(target), { error: 'expected a target without line ends' })
    .optional()
    .describe('Target of the link, written into it as it is. Need not exist.'),
  force: z.boolean().default(false).describe('With state link: a file or an empty folder in its place is replaced.'),
  recurse: z
    .boolean()
    .default(false)
    .describe(
      'With state directory: owner, group and modes hold for everything below too, on the same file system. "mode" is for folders.',
    ),
  file_mode: fileMode().optional().describe('With recurse: permissions of the files below.'),
});

type Shape = z.infer<typeof Shape>;

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'state',
    wrong: (want) => want.state === 'link' && want.src === undefined,
    say: 'a link needs "src", its target',
  },
  { at: 'src', wrong: (want) => want.state !== 'link' && want.src !== undefined, say: '"src" goes with state: link' },
  { at: 'force', wrong: (want) => want.state !== 'link' && want.force, say: '"force" goes with state: link' },
  {
    at: 'mode',
    wrong: (want) => want.state === 'link' && want.mode !== undefined,
    say: 'a link has no mode of its own',
  },
  {
    at: 'recurse',
    wrong: (want) => want.recurse && want.state !== 'directory',
    say: '"recurse" goes with state: directory',
  },
  {
    at: 'recurse',
    wrong: (want) => want.recurse && !hasAttributes(want) && want.file_mode === undefined,
    say: '"recurse" needs "owner", "group", "mode" or "file_mode"',
  },
  {
    at: 'file_mode',
    wrong: (want) => want.file_mode !== undefined && !want.recurse,
    say: '"file_mode" goes with recurse: true',
  },
  {
    at: 'path',
    wrong: (want) => want.path === '/' && (want.recurse || want.state === 'absent'),
    say: 'the root folder is neither removed nor changed recursively',
  },
  {
    at: 'state',
    wrong: (want) => want.state === 'absent' && hasAttributes(want),
    say: 'what is absent has no mode and no owner',
  },
  {
    at: 'path',
    wrong: (want) => want.state === undefined && !hasAttributes(want),
    say: 'nothing is wished for this path: expected "state", "mode", "owner" or "group"',
  },
];

/** The wish of the `file` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `file` module. */
export type Params = z.infer<typeof Params>;

function hasAttributes(want: Shape): boolean {
  return want.mode !== undefined || want.owner !== undefined || want.group !== undefined;
}
