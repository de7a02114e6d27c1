import { defineModule, type Change } from '../../core/module.ts';
import { showDuration } from '../../core/units.ts';
import { ask, isOver } from './ask.ts';
import { judge, type Verdict } from './judge.ts';
import { read } from './read.ts';
import { Params } from './schema.ts';

/** Whether the first boot of a host is over, and how it ended. */
export const cloudInitCheck = defineModule<Params, Verdict>({
  name: 'cloud_init_check',
  summary: 'Waits for the end of the first boot and says how it went.',
  notes: [
    'A login may be possible long before packages are installed and commands of the user data have run. This task waits for the end, on hosts with cloud-init 0.7.9 and later and on hosts with Ignition and Afterburn, and fails when it is not a good one.',
    'States: done; degraded, finished with recoverable errors; error; disabled; never, it is there and did not run in this boot; absent, there is neither cloud-init nor Ignition; running, only with "wait: false".',
    'The files below /run/cloud-init and the units decide, not the exit code or the version of the tool, which distributions change. The tool is asked only where there are no files. The fallback datasource "none" counts as degraded: the host got no settings at all.',
    'User data that is broken YAML is applied in no part and reported by cloud-init as a warning, so that it is degraded here. What cloud-init before 23.4 found wrong in the schema it told nobody.',
    'For tasks that decide themselves: "gate: false" with "register: first_boot", and then when: first_boot.state == "degraded".',
    'It changes nothing. "cloud-init clean" is not run: it would make the next boot a first boot again.',
  ],
  kind: 'state',
  inert: true,
  params: Params,
  returns: {
    state: { type: 'string', description: 'done, running, degraded, error, disabled, never or absent' },
    good: { type: 'bool', description: 'it is an end that counts as good' },
    provider: { type: 'string', description: 'cloud-init, ignition or none' },
    reason: { type: 'string', description: 'why, in a few words' },
    datasource: {
      type: 'string',
      description: 'where the settings came from: nocloud, ec2, none; with Ignition the platform',
    },
    stage: { type: 'string', description: 'the stage of cloud-init that runs, empty otherwise' },
    errors: { type: 'list', description: 'hard errors' },
    warnings: { type: 'list', description: 'recoverable errors, each once' },
    deprecations: { type: 'list', description: 'settings that are deprecated' },
    first_boot: { type: 'bool', description: 'this boot is the first one of the instance' },
    user_config: { type: 'bool', description: 'with Ignition: the user gave a configuration' },
  },
  examples: [
    '- name: the first boot is over\n  cloud_init_check: {}',
    '- cloud_init_check: {good: [done, degraded], datasource: [ec2, nocloud], timeout: 20m}',
    '- name: how did it go\n  cloud_init_check: {gate: false}\n  register: first_boot',
    '- name: nothing is installed behind our back any more\n  cloud_init_check: {good: [done, degraded, absent]}\n  when: first_boot.state == "running"',
  ],
  probe: ask,
  read: (answers) => judge(read(answers['boot'])),
  plan,
  result: (want, verdict) => ({
    state: verdict.state,
    good: problemOf(want, verdict) === undefined,
    provider: verdict.provider,
    reason: verdict.reason,
    datasource: verdict.datasource,
    stage: verdict.stage,
    errors: [...verdict.errors],
    warnings: [...verdict.warnings],
    deprecations: [...verdict.deprecations],
    first_boot: verdict.firstBoot,
    user_config: verdict.userConfig,
  }),
});

function plan(want: Params, verdict: Verdict, _context: unknown, before?: Verdict): Change {
  if (verdict.state === 'running' && want.wait && before === undefined)
    return { steps: [waitStep(want)], verify: true };
  const problem = problemOf(want, verdict);
  if (problem === undefined || !want.gate) return { steps: [], notes: problem === undefined ? [] : [problem] };
  return { refuse: problem, hint: hintOf(verdict) };
}

function waitStep(want: Params): Extract<Change, { steps: unknown }>['steps'][number] {
  return {
    do: 'wait',
    say: 'wait until the first boot is over',
    until: isOver(),
    everyMs: want.every,
    deadlineMs: want.timeout,
    explain: () => ({
      message: `the first boot was not over within ${showDuration(want.timeout)}`,
      hint: '"systemctl list-jobs" and /var/log/cloud-init-output.log on the host say what it does; "timeout" is how long to wait',
      code: 'E_TIMEOUT',
    }),
  };
}

/** Why this is no good end; undefined when it is one. */
function problemOf(want: Params, verdict: Verdict): string | undefined {
  const counted = want.deprecations === 'count' ? verdict.deprecations : [];
  const state = verdict.state === 'done' && counted.length > 0 ? 'degraded' : verdict.state;
  if (!want.good.some((one) => one === state)) {
    const said = [...verdict.errors, ...verdict.warnings, ...counted].slice(0, 3).map((one) => one.slice(0, 300));
    return [`the first boot is ${state}: ${verdict.reason}`, ...said].join('; ');
  }
  const hasRun = ['done', 'degraded', 'error'].includes(state);
  if (hasRun && want.datasource !== undefined && !want.datasource.includes(verdict.datasource)) {
    return `expected settings from ${want.datasource.join(' or ')}, found "${verdict.datasource}"`;
  }
  const lacksConfig = want.user_config && verdict.provider === 'ignition' && !verdict.userConfig;
  return lacksConfig ? 'Ignition was given no configuration of the user' : undefined;
}

function hintOf({ provider, state }: Verdict): string {
  if (provider === 'ignition') return '"journalctl -t ignition" on the host says more';
  const accept =
    state === 'running' ? '"wait: true" waits for its end' : `to take it all the same: "good: [done, ${state}]"`;
  return `"cloud-init status --long" and /var/log/cloud-init-output.log on the host say more; ${accept}`;
}
