import { z } from 'zod';
import type { Command } from '../core/command.ts';
import type { HealthWish, RebootStep } from '../core/step.ts';
import { duration, publicText } from './params.ts';

/** What must hold after a boot, as tasks write it. */
export const Health = z.strictObject({
  commands: z
    .array(z.array(publicText('a word')).min(1))
    .default([])
    .describe('Read-only commands, each a list of words, that must end with 0; they have until the deadline.'),
  min_healthy_time: duration()
    .prefault('0s')
    .describe('How long the host must be healthy without a break, in one boot.'),
  interval: duration().prefault('2s').describe('Time between two looks.'),
  deadline: duration().prefault('10m').describe('What is not healthy so long after the host answered has failed.'),
  failed_units: z
    .enum(['fail', 'warn'])
    .default('fail')
    .describe('What it means that a unit failed at this boot that had not failed before.'),
});
/** What must hold after a boot, as tasks write it. */
export type Health = z.infer<typeof Health>;

/** The parameters of every module that boots a deployment. */
export const ACTIVATION = {
  health: Health.optional().describe(
    'What must hold before the boot counts as proven. Without it: the host finished booting, boot-complete.target is reached where something requires it, and no unit failed that had not failed before.',
  ),
  rollback: z
    .enum(['never', 'on_failure'])
    .default('never')
    .describe(
      'on_failure: a host that is not healthy boots the deployment of before again, once, and proves that too.',
    ),
  retry_denied: z
    .boolean({ error: 'expected true or false' })
    .default(false)
    .describe('Boots a deployment even if it failed on this host before (/var/lib/copse/denied there).'),
} as const;

/** The parameters of every module that changes what boots, and reboots. */
export const DEPLOYING = {
  hold_updates: z
    .boolean({ error: 'expected true or false' })
    .default(true)
    .describe(
      'Stops Zincati and the update timers of rpm-ostree and bootc while the host is changed, and starts them again.',
    ),
  ...ACTIVATION,
  busy_timeout: duration()
    .prefault('15m')
    .describe('How long to wait for a transaction of somebody else; it is never cancelled.'),
  reboot_timeout: duration().prefault('20m').describe('How long the host may take to come back.'),
} as const;

/** A wish with the parameters of a reboot. */
export interface ActivationWish {
  readonly health?: Health | undefined;
  readonly rollback: 'never' | 'on_failure';
  readonly retry_denied: boolean;
}

/** What a reboot step takes from them. */
export function activationOf(want: ActivationWish): Pick<RebootStep, 'health' | 'rollback' | 'retryDenied'> {
  return {
    ...(want.health === undefined ? {} : { health: healthOf(want.health) }),
    ...(want.rollback === 'on_failure' ? { rollback: true as const } : {}),
    ...(want.retry_denied ? { retryDenied: true as const } : {}),
  };
}

function healthOf(health: Health): HealthWish {
  return {
    commands: health.commands.map(fromWords),
    minHealthyMs: health.min_healthy_time,
    everyMs: Math.max(200, health.interval),
    deadlineMs: health.deadline,
    failedUnits: health.failed_units,
  };
}

/** A command from the list of words that a task gives. */
export function fromWords([program = '', ...rest]: readonly string[]): Command {
  return { argv: [program, ...rest] };
}
