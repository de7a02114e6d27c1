import { z } from 'zod';
import { absolutePath, duration, obey, publicText, type Rule } from '../params.ts';

const Shape = z.strictObject({
  path: absolutePath().optional().describe('A path that is there.'),
  contains: publicText('a regular expression')
    .optional()
    .describe('With path: a POSIX extended regular expression that a line of the file matches.'),
  port: z
    .int({ error: 'expected a port between 1 and 65535' })
    .min(1, { error: 'expected a port between 1 and 65535' })
    .max(65_535, { error: 'expected a port between 1 and 65535' })
    .optional()
    .describe('A TCP port: with "host" it takes connections, without it something on this host listens there.'),
  host: z
    .string({ error: 'expected a name or address' })
    .regex(/^[A-Za-z0-9[][A-Za-z0-9.:_%[\]-]*$/, { error: 'expected a name or address' })
    .optional()
    .describe('With port: name or address to connect to, seen from the host the task runs on.'),
  url: z
    .string({ error: 'expected a URL' })
    .regex(/^https?:\/\/\S+$/, { error: 'expected a URL that starts with http:// or https://' })
    .optional()
    .describe('A URL that answers with "status". Needs curl on the host.'),
  status: z.int().min(100).max(599).default(200).describe('With url: the HTTP status that counts.'),
  command: z
    .array(publicText('a word'))
    .min(1)
    .optional()
    .describe('A read-only command, as a list of words, that ends with 0. It is run again and again.'),
  state: z
    .enum(['present', 'started', 'absent', 'stopped'])
    .default('present')
    .describe('absent, stopped: wait until it is not so. started means present, stopped means absent.'),
  timeout: duration().prefault('5m').describe('How long to wait before the task fails.'),
  every: duration().prefault('1s').describe('Time between two looks.'),
  msg: z.string({ error: 'expected text' }).optional().describe('What to say when it did not come true in time.'),
});
type Shape = z.infer<typeof Shape>;

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'path',
    wrong: ({ path, port, url, command }) => [path, port, url, command].filter((one) => one !== undefined).length !== 1,
    say: 'expected exactly one of "path", "port", "url" and "command"',
  },
  { at: 'host', wrong: (want) => want.host !== undefined && want.port === undefined, say: '"host" goes with "port"' },
  {
    at: 'contains',
    wrong: (want) => want.contains !== undefined && want.path === undefined,
    say: '"contains" goes with "path"',
  },
  { at: 'status', wrong: (want) => want.status !== 200 && want.url === undefined, say: '"status" goes with "url"' },
  { at: 'every', wrong: (want) => want.every < 100, say: 'expected at least "100ms"' },
];

/** The wish of the `wait_for` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `wait_for` module. */
export type Params = z.infer<typeof Params>;
