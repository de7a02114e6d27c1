import { z } from 'zod';
import type { Answers } from '../../core/answer.ts';
import { cmd, script, type Command } from '../../core/command.ts';
import { defineModule, type Change } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import { showDuration } from '../../core/units.ts';
import { NO_OSTREE } from '../../facts/boot-order.ts';
import { parseDeployments } from '../../facts/deployments.ts';
import { idleQuestion, STALE_HINT, whoseWork } from '../../facts/idle.ts';
import { deploymentsQuestion } from '../../facts/script.ts';
import { ACTIVATION, activationOf, fromWords } from '../activation-params.ts';
import { duration, obey, publicText } from '../params.ts';

const words = z.array(publicText('a word')).min(1);

const Params = z
  .strictObject({
    when_needed: z
      .boolean()
      .default(false)
      .describe('Reboot only when another deployment waits to be booted, or /run/reboot-required is there.'),
    timeout: duration()
      .prefault('20m')
      .describe('How long the host may take to come back, from the moment it was told.'),
    down_timeout: duration()
      .prefault('8m')
      .describe(
        'How long it may take to go down. ostree writes a staged deployment while going down, which takes minutes on slow disks.',
      ),
    busy_timeout: duration()
      .prefault('15m')
      .describe('How long to wait for a transaction of rpm-ostree that is running: a reboot would throw it away.'),
    message: publicText('text').optional().describe('What users who are logged in are told.'),
    command: words.optional().describe('The command that reboots, as a list of words.'),
    ready: words
      .optional()
      .describe('A read-only command, as a list of words; the reboot counts as done when it ends with 0.'),
    ...ACTIVATION,
  })
  .superRefine(
    obey([
      {
        at: 'message',
        wrong: (want) => want.message !== undefined && want.command !== undefined,
        say: '"message" is for the usual command; put it into "command"',
      },
    ]),
  );
type Params = z.infer<typeof Params>;

/** Whether and why a reboot is due. */
interface Have {
  readonly reasons: readonly string[];
  readonly isBusy: boolean;
}

/** Reboots a host once and proves that it did. */
export const reboot = defineModule<Params, Have>({
  name: 'reboot',
  summary: 'Reboots the host once and proves that it came back as it should.',
  notes: [
    'Proven means: the boot id is new, the deployment that was to boot next is the one that runs, the host finished booting, and no unit failed that had not failed before. A host that comes back with the old deployment fails the task, with the reason where it can be told.',
    'rpm_ostree reboots by itself after layering; write a reboot of your own only when something else needs it.',
  ],
  kind: 'action',
  params: Params,
  activates: () => true,
  returns: {
    rebooted: { type: 'bool', description: 'whether the host was rebooted' },
    reasons: { type: 'list', description: 'what made a reboot necessary, as text; empty when nothing did' },
    activation: {
      type: 'map',
      description: 'what came of the reboot: result, from, expected and more; empty without one',
    },
  },
  examples: [
    '- reboot: {}',
    '- name: reboot where an update waits\n  reboot: {when_needed: true, timeout: 30m}',
    '- reboot: {message: maintenance until 04:00, ready: [systemctl, is-active, --quiet, app.service]}',
  ],
  probe: () => ({
    deployments: deploymentsQuestion(),
    required: script('test -e /run/reboot-required'),
  }),
  read: (answers) => read(answers),
  plan,
  result: (_want, have, done) => ({
    rebooted: done.some((one) => one.step.do === 'reboot'),
    reasons: [...have.reasons],
    activation: done.findLast((one) => one.outcome !== undefined)?.outcome ?? {},
  }),
});

function read(answers: Answers): Have {
  const text = answers['deployments']?.stdout.trim() ?? '';
  const ostree = text === '' ? NO_OSTREE : parseDeployments(text);
  const reasons = [
    ...(ostree.pending ? ['another deployment waits to be booted'] : []),
    ...(answers['required']?.code === 0 ? ['/run/reboot-required is there'] : []),
  ];
  return { reasons, isBusy: ostree.busy };
}

function plan(want: Params, have: Have): Change {
  if (want.when_needed && have.reasons.length === 0) return { steps: [] };
  const step: Step = {
    do: 'reboot',
    say: 'reboot and prove it',
    timeoutMs: want.timeout,
    downTimeoutMs: want.down_timeout,
    ...commandOf(want),
    ...(want.ready === undefined ? {} : { ready: fromWords(want.ready) }),
    ...activationOf(want),
  };
  return { steps: [...(have.isBusy ? [waitIdle(want)] : []), step], notes: have.reasons };
}

function commandOf({ command, message }: Params): { readonly command?: Command } {
  if (command !== undefined) return { command: fromWords(command) };
  return message === undefined ? {} : { command: cmd('shutdown', '-r', '--', 'now', message) };
}

function waitIdle(want: Params): Step {
  return {
    do: 'wait',
    say: 'wait for the transaction of rpm-ostree that is running',
    until: idleQuestion(),
    everyMs: 2000,
    deadlineMs: want.busy_timeout,
    explain: ({ stdout }) => ({
      message: `a transaction of rpm-ostree${whoseWork(stdout)} still runs after ${showDuration(want.busy_timeout)}; the host was not rebooted`,
      hint: STALE_HINT,
      code: 'E_BUSY',
    }),
  };
}
