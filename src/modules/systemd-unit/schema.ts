import { z } from 'zod';
import { obey, unitName, type Rule } from '../params.ts';

const Shape = z.strictObject({
  name: unitName().optional().describe('The unit; ".service" is added when there is no suffix.'),
  state: z
    .enum(['started', 'stopped', 'restarted', 'reloaded'])
    .optional()
    .describe(
      'started and stopped are states. restarted and reloaded happen each time the task runs: use them in handlers. A unit that does not run is started by both.',
    ),
  enabled: z.boolean({ error: 'expected true or false' }).optional().describe('Whether it starts at boot.'),
  masked: z
    .boolean({ error: 'expected true or false' })
    .optional()
    .describe('Whether it is made impossible to start, by hand or as a dependency.'),
  daemon_reload: z
    .boolean({ error: 'expected true or false' })
    .optional()
    .describe(
      'Whether systemd reads its files again first. Without it: when systemd says that those of the unit have changed. true: each time, also for generators such as Quadlet. false: never.',
    ),
  scope: z
    .enum(['system', 'user'])
    .default('system')
    .describe('user: units of the user the task runs as, whose manager must be running (loginctl enable-linger).'),
});
type Shape = z.infer<typeof Shape>;

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'name',
    wrong: (want) => want.name === undefined && (hasWish(want) || want.daemon_reload !== true),
    say: 'expected the name of a unit; only "daemon_reload: true" can do without',
  },
  {
    at: 'name',
    wrong: (want) => want.name !== undefined && !hasWish(want) && want.daemon_reload === undefined,
    say: 'nothing is wished for this unit: expected "state", "enabled" or "masked"',
  },
  {
    at: 'name',
    wrong: (want) => want.name?.includes('@.') === true,
    say: 'expected an instance such as "getty@tty1.service", not the template',
  },
  {
    at: 'masked',
    wrong: (want) =>
      want.masked === true && (want.enabled === true || (want.state !== undefined && want.state !== 'stopped')),
    say: 'a masked unit is neither started nor enabled',
  },
];

/** The wish of the `systemd_unit` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `systemd_unit` module. */
export type Params = z.infer<typeof Params>;

function hasWish(want: Shape): boolean {
  return want.state !== undefined || want.enabled !== undefined || want.masked !== undefined;
}
