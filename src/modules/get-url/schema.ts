import { z } from 'zod';
import { checksum } from '../checksum.ts';
import { OWNERS } from '../content-params.ts';
import { headers, webUrl } from '../curl-config.ts';
import { absolutePathOrFolder, duration, fileMode, obey, type Rule } from '../params.ts';

const Shape = z.strictObject({
  url: webUrl().describe('What to bring, seen from the host.'),
  dest: absolutePathOrFolder().describe(
    'The file to write. With a slash at its end it is a folder, and the file keeps the last name of the URL.',
  ),
  checksum: checksum()
    .optional()
    .describe(
      'What the file must be: "sha256:" or "sha512:" and hex digits. It decides whether anything has to be brought, and nothing else is put in place. Without it a file that is there is taken for right, and whatever the server sends is taken.',
    ),
  headers: headers()
    .default({})
    .describe(
      'Headers of the request, such as {Authorization: !secret …}. They are in no list of processes. Need curl.',
    ),
  mode: fileMode().optional().describe('Permissions as quoted octal digits. A new file gets "0644".'),
  ...OWNERS,
  timeout: duration().prefault('1h').describe('How long all of it may take.'),
});
type Shape = z.infer<typeof Shape>;

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'dest',
    wrong: (want) => want.dest.endsWith('/') && nameOf(want.url) === undefined,
    say: 'expected the path of a file: the URL has no name that could be used',
  },
  { at: 'timeout', wrong: (want) => want.timeout < 1000, say: 'expected at least "1s"' },
];

/** The wish of the `get_url` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `get_url` module. */
export type Params = z.infer<typeof Params>;

/** The path of the file. */
export function destOf({ dest, url }: Pick<Params, 'dest' | 'url'>): string {
  return dest.endsWith('/') ? dest + (nameOf(url) ?? '') : dest;
}

/** The last name of a URL that is a plain name of a file. */
function nameOf(url: string): string | undefined {
  const path = /^https?:\/\/[^/?#]+([^?#]*)/.exec(url)?.[1] ?? '';
  const name = path.slice(path.lastIndexOf('/') + 1);
  return /^[A-Za-z0-9_][A-Za-z0-9_.+~-]*$/.test(name) ? name : undefined;
}
