import { z } from 'zod';
import { obey, publicText, type Rule } from '../params.ts';

const Option = z
  .union([publicText('a value'), z.number(), z.boolean().transform(Number)], { error: 'expected a value' })
  .transform(String)
  .refine((value) => /^[!-~]+$/.test(value) && !/[#"'\\]/.test(value), {
    error: 'expected a value without blanks, quotes, "#" and backslashes',
  })
  .meta({ title: 'text or number' });

const Shape = z.strictObject({
  name: z
    .string({ error: 'expected the name of a module such as "br_netfilter"' })
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/, { error: 'expected the name of a module such as "br_netfilter"' })
    .describe('The module, as modprobe takes it; "-" and "_" are the same.'),
  state: z
    .enum(['loaded', 'absent', 'blacklisted'])
    .default('loaded')
    .describe(
      'loaded: now and at every boot. absent: not loaded now, and not at boot by a file of copse. blacklisted: not loaded now, and never again, not even as a dependency or for a device.',
    ),
  options: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/, { error: 'expected the name of an option' }), Option)
    .optional()
    .describe('Options it is loaded with, now and later: {nf_conntrack_helper: 0}. They are kept in /etc/modprobe.d.'),
});
type Shape = z.infer<typeof Shape>;

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'options',
    wrong: (want) => want.options !== undefined && want.state !== 'loaded',
    say: '"options" go with state: loaded',
  },
];

/** The wish of the `kernel_module` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `kernel_module` module. */
export type Params = z.infer<typeof Params>;

/** The name as the kernel writes it. */
export function kernelName({ name }: Pick<Params, 'name'>): string {
  return name.replaceAll('-', '_');
}
