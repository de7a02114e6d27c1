import { z } from 'zod';
import { duration, obey, type Rule } from '../params.ts';

/** How far the first boot of a host has come. */
export const STATES = ['done', 'running', 'degraded', 'error', 'disabled', 'never', 'absent'] as const;
/** How far the first boot of a host has come. */
export type State = (typeof STATES)[number];

const Shape = z.strictObject({
  good: z
    .array(
      z.enum(['done', 'degraded', 'error', 'disabled', 'never', 'absent'], {
        error: 'expected done, degraded, error, disabled, never or absent',
      }),
    )
    .default(['done', 'disabled', 'absent'])
    .describe(
      'The ends that count as good. degraded: finished with recoverable errors. never: it is there and did not run in this boot. absent: the host has neither cloud-init nor Ignition.',
    ),
  deprecations: z
    .enum(['ignore', 'count'])
    .default('ignore')
    .describe(
      'Whether settings that are merely deprecated make a first boot degraded. They are registered in any case.',
    ),
  datasource: z
    .array(
      z
        .string({ error: 'expected a datasource such as "nocloud"' })
        .regex(/^[a-z0-9_]+$/, { error: 'expected a datasource such as "nocloud"' }),
    )
    .optional()
    .describe(
      'Where the settings must have come from, as cloud-init names it: ec2, nocloud. Without it anything but the fallback "none".',
    ),
  user_config: z
    .boolean({ error: 'expected true or false' })
    .default(false)
    .describe('On hosts with Ignition: a configuration of the user must have been given.'),
  gate: z
    .boolean({ error: 'expected true or false' })
    .default(true)
    .describe('false: the task never fails for what it found; later tasks decide with "when".'),
  wait: z
    .boolean({ error: 'expected true or false' })
    .default(true)
    .describe('false: a first boot that still runs is not waited for, and registered as running.'),
  timeout: duration().prefault('10m').describe('How long to wait for the end.'),
  every: duration().prefault('3s').describe('Time between two looks; a look starts no Python.'),
});
type Shape = z.infer<typeof Shape>;

const RULES: readonly Rule<Shape>[] = [
  { at: 'every', wrong: (want) => want.every < 1000, say: 'expected at least "1s"' },
  { at: 'good', wrong: (want) => want.good.length === 0, say: 'expected at least one end that counts as good' },
];

/** The wish of the `cloud_init_check` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `cloud_init_check` module. */
export type Params = z.infer<typeof Params>;
