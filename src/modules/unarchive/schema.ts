import { z } from 'zod';
import { absolutePath, accountName, duration, obey, type Rule } from '../params.ts';

const Shape = z.strictObject({
  src: absolutePath().describe(
    'The archive, on the host: tar, plain or packed with gzip, bzip2, xz or zstd, or zip by a name that ends in ".zip". Bring it with get_url or copy.',
  ),
  dest: absolutePath().describe('Folder it is unpacked into; made when it is not there.'),
  creates: absolutePath()
    .optional()
    .describe('A path the archive brings: when it is there nothing is unpacked, and no mark is left.'),
  strip_components: z
    .int({ error: 'expected a number from 0 to 20' })
    .min(0, { error: 'expected a number from 0 to 20' })
    .max(20, { error: 'expected a number from 0 to 20' })
    .default(0)
    .describe('How many folders at the beginning of each name are left out. Not with zip.'),
  owner: accountName().optional().describe('User everything unpacked belongs to; whoever the task runs as without it.'),
  group: accountName().optional().describe('Group everything unpacked belongs to.'),
  timeout: duration().prefault('30m').describe('How long it may take.'),
});
type Shape = z.infer<typeof Shape>;

const RULES: readonly Rule<Shape>[] = [
  { at: 'dest', wrong: (want) => want.dest === '/', say: 'the root folder is not unpacked into' },
  {
    at: 'strip_components',
    wrong: (want) => want.strip_components > 0 && isZip(want),
    say: '"strip_components" goes with tar: unzip cannot do that',
  },
];

/** The wish of the `unarchive` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `unarchive` module. */
export type Params = z.infer<typeof Params>;

/** Whether unzip has to unpack it. */
export function isZip({ src }: Pick<Params, 'src'>): boolean {
  return src.toLowerCase().endsWith('.zip');
}
