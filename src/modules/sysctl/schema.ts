import { z } from 'zod';
import { obey, publicText, type Rule } from '../params.ts';
import { pathOf } from './key.ts';

const Value = z
  .union([publicText('a value'), z.number(), z.boolean().transform(Number)], {
    error: 'expected a value: a number, or text such as "4096 87380 6291456"',
  })
  .transform((value) =>
    String(value)
      .trim()
      .replaceAll(/[\t ]+/g, ' '),
  )
  .refine((value) => value !== '' && !/[\0-\u001F\u007F]/.test(value), {
    error: 'expected a value of one line that is not empty',
  })
  .meta({ title: 'text or number' });

const Key = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_:@-]*(?:[./][A-Za-z0-9_:@-]+)+$/, {
  error: 'expected a key such as "net.ipv4.ip_forward"',
});

const Shape = z.strictObject({
  file: z
    .string({ error: 'expected the name of a file such as "90-router"' })
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,120}$/, { error: 'expected the name of a file such as "90-router"' })
    .refine((name) => !name.endsWith('.conf'), { error: 'expected the name without ".conf"' })
    .describe('Name of the file that keeps the values over a reboot: /etc/sysctl.d/FILE.conf.'),
  values: z
    .record(Key, Value)
    .optional()
    .describe(
      'Keys with their values, as in sysctl.conf: {net.ipv4.ip_forward: 1}. Dots or slashes; a dot within a name, such as that of an interface, is then the other one: net.ipv4.conf.eth0/100.rp_filter.',
    ),
  state: z
    .enum(['present', 'absent'])
    .default('present')
    .describe('absent: the file is gone. What the kernel has now stays until the next boot.'),
});
type Shape = z.infer<typeof Shape>;

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'values',
    wrong: (want) => want.state === 'present' && Object.keys(want.values ?? {}).length === 0,
    say: 'expected "values" with at least one key',
  },
  {
    at: 'values',
    wrong: (want) => want.state === 'absent' && want.values !== undefined,
    say: 'what is absent has no values',
  },
  {
    at: 'values',
    wrong: ({ values = {} }) => new Set(Object.keys(values).map(pathOf)).size < Object.keys(values).length,
    say: 'the same key is there twice, once with dots and once with slashes',
  },
];

/** The wish of the `sysctl` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `sysctl` module. */
export type Params = z.infer<typeof Params>;
