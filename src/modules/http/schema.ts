import { z } from 'zod';
import { headers, webUrl } from '../curl-config.ts';
import { duration, listOf, maybeSecret, obey, type Rule } from '../params.ts';

const error = 'expected a status such as 200';

const Shape = z.strictObject({
  url: webUrl().describe('What to ask, seen from the host the task runs on.'),
  method: z
    .enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
    .default('GET')
    .describe('The method. HEAD: "body" of the result holds the headers.'),
  headers: headers()
    .default({})
    .describe('Headers of the request, such as {Authorization: !secret …}. They are in no list of processes.'),
  body: maybeSecret('expected text; for JSON write body: ${{ toJson(value) }}')
    .optional()
    .describe('What is sent, as text; may be a secret. For JSON write ${{ toJson(value) }} and say so in "headers".'),
  status: listOf(z.int({ error }).min(100, { error }).max(599, { error }))
    .optional()
    .describe('The HTTP status that counts as success, or several. Without it every one from 200 to 299.'),
  follow: z.boolean().default(true).describe('Whether redirects are followed, within http and https.'),
  timeout: duration().prefault('30s').describe('How long one try may take.'),
  retries: z
    .int({ error: 'expected a number from 0 to 10' })
    .min(0, { error: 'expected a number from 0 to 10' })
    .max(10, { error: 'expected a number from 0 to 10' })
    .default(0)
    .describe('With GET and HEAD: how often it is tried again when nothing answers, or with 408, 429 or 5xx.'),
});
type Shape = z.infer<typeof Shape>;

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'retries',
    wrong: (want) => want.retries > 0 && want.method !== 'GET' && want.method !== 'HEAD',
    say: '"retries" go with GET and HEAD: another request could happen twice',
  },
  {
    at: 'body',
    wrong: (want) => want.body !== undefined && (want.method === 'GET' || want.method === 'HEAD'),
    say: 'a body goes with POST, PUT, PATCH or DELETE: write "method"',
  },
  { at: 'timeout', wrong: (want) => want.timeout < 1000, say: 'expected at least "1s"' },
];

/** The wish of the `http` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `http` module. */
export type Params = z.infer<typeof Params>;
