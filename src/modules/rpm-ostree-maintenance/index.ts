import type { Answers } from '../../core/answer.ts';
import { cmd, script } from '../../core/command.ts';
import type { DeploymentFact } from '../../core/facts.ts';
import { defineModule, type Change, type ModuleContext } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import { isAtLeast, readAround, readStatus, spelling, statusQuestion, transactionStep } from '../rpm-ostree-tool.ts';
import { CONFIG, policyIn, withPolicy } from './policy.ts';
import { Params } from './schema.ts';

interface Have {
  readonly deployments: readonly DeploymentFact[];
  readonly booted: DeploymentFact;
  /** Text of the daemon's file, empty without one. */
  readonly config: string;
  readonly timer: Readonly<Record<string, string>>;
}

const TIMER = 'rpm-ostreed-automatic.timer';

/** Housekeeping of an rpm-ostree host; nothing of it takes a reboot. */
export const rpmOstreeMaintenance = defineModule<Params, Have>({
  name: 'rpm_ostree_maintenance',
  summary: 'Cleans up, pins and sets the update policy of rpm-ostree hosts.',
  notes: [
    'Deployments are judged by "rpm-ostree status --json": what is cleaned up or pinned already needs no step. Left-over files and cached metadata cannot be seen there, so that "base", "repomd" and "refresh_md" are done each time and never count as a change.',
    'Pins are set first, so that one task can keep a deployment and clean up the others.',
    'The policy is one line in /etc/rpm-ostreed.conf, of which everything else stays as it is; the daemon reads it anew, and the timer that acts on it is enabled and started, or disabled for "none". Hosts that Zincati or bootc updates should keep "none".',
  ],
  kind: 'state',
  params: Params,
  returns: {
    pinned: { type: 'list', description: 'ids of the pinned deployments' },
    deployments: { type: 'list', description: 'ids of all deployments, in boot order' },
    policy: { type: 'string', description: 'the policy for automatic updates, empty when it was not asked for' },
  },
  examples: [
    '- name: the deployment that works stays, the others may go\n  rpm_ostree_maintenance: {pinned: booted, cleanup: [rollback, base, repomd]}\n  become: true',
    '- rpm_ostree_maintenance: {automatic_updates: stage}\n  become: true',
    '- rpm_ostree_maintenance: {refresh_md: true}\n  become: true',
  ],
  probe: ({ automatic_updates: policy }) => ({
    status: statusQuestion(),
    ...(policy === undefined
      ? {}
      : {
          config: script('[ ! -e "$1" ] || cat -- "$1"', CONFIG),
          timer: cmd('systemctl', 'show', '--property=LoadState,ActiveState,UnitFileState', '--', TIMER),
        }),
  }),
  read,
  plan,
  result: (want, { deployments, config }) => ({
    pinned: deployments.filter(({ pinned }) => pinned).map(({ id }) => id),
    deployments: deployments.map(({ id }) => id),
    policy: want.automatic_updates === undefined ? '' : policyIn(config),
  }),
});

function read(answers: Answers): Have {
  const { deployments, booted } = readStatus(answers['status']);
  const fields = (answers['timer']?.stdout ?? '').split('\n').map((line) => line.split('='));
  const timer = Object.fromEntries(fields.map(([key = '', value = '']) => [key, value]));
  return { deployments, booted, config: answers['config']?.stdout ?? '', timer };
}

function plan(want: Params, have: Have, { facts }: ModuleContext, before?: Have): Change {
  const version = facts.tools['rpm-ostree'] ?? '';
  const call = (words: readonly string[], say: string): Step =>
    transactionStep(
      { activate: 'stage', busy_timeout: want.busy_timeout },
      { words, say },
      { version, around: readAround(undefined) },
    );
  const pins = pinSteps(want, have);
  if ('refuse' in pins) return pins;
  const policy = policySteps(want, have, version);
  if ('refuse' in policy) return policy;
  const live = liveSteps(want, have, version, call);
  if ('refuse' in live) return live;
  const wasTried = before !== undefined;
  const refresh =
    want.refresh_md && !wasTried
      ? [unseen(call(['refresh-md', '-f'], 'read the metadata of the repositories anew'))]
      : [];
  const steps = [
    ...pins.steps,
    ...live.steps,
    ...cleanupSteps(want, have, wasTried, call),
    ...refresh,
    ...policy.steps,
  ];
  return { steps, diff: policy.diff };
}

/** The running system becomes the booted deployment again; what waits to be booted stays. */
function liveSteps(
  want: Params,
  { booted }: Have,
  version: string,
  call: (words: readonly string[], say: string) => Step,
): { readonly steps: readonly Step[] } | Extract<Change, { refuse: string }> {
  if (want.cleanup?.includes('live') !== true || booted.live === '') return { steps: [] };
  const { words = [] } = spelling(version) ?? {};
  if (!words.includes('apply-live')) {
    const hint = 'it can since 2021.1; a reboot does it with every version';
    return { refuse: `rpm-ostree ${version} cannot take back what was applied live`, hint };
  }
  return { steps: [call([...words, '--reset'], 'take back what was applied to the running system')] };
}

/** What it changes cannot be seen, and does not count. */
function unseen(step: Step): Step {
  return step.do === 'transaction' ? { ...step, unchangedCodes: [0] } : step;
}

function cleanupSteps(
  want: Params,
  { deployments, booted }: Have,
  wasTried: boolean,
  call: (words: readonly string[], say: string) => Step,
): readonly Step[] {
  const wished = want.cleanup ?? [];
  const at = deployments.findIndex(({ id }) => id === booted.id);
  const removable = (one: DeploymentFact): boolean =>
    one.stateroot === booted.stateroot &&
    (!one.pinned || (want.unpinned ?? []).some((name) => isNamed(one, name, booted))) &&
    !(want.pinned ?? []).some((name) => isNamed(one, name, booted));
  const goes = (['pending', 'rollback'] as const).filter(
    (what) =>
      wished.includes(what) &&
      deployments.some((one, index) => (what === 'pending' ? index < at : index > at) && removable(one)),
  );
  const files = (['base', 'repomd'] as const).filter((what) => wished.includes(what) && !wasTried);
  const option = { pending: '-p', rollback: '-r', base: '-b', repomd: '-m' } as const;
  return [
    ...(goes.length > 0
      ? [call(['cleanup', ...goes.map((what) => option[what])], `remove deployments: ${goes.join(', ')}`)]
      : []),
    ...(files.length > 0
      ? [unseen(call(['cleanup', ...files.map((what) => option[what])], `remove cached files: ${files.join(', ')}`))]
      : []),
  ];
}

function isNamed(one: DeploymentFact, name: string, booted: DeploymentFact): boolean {
  return name === 'booted'
    ? one.id === booted.id
    : [one.id, one.checksum, one.base_checksum, one.version].includes(name);
}

function pinSteps(
  want: Params,
  { deployments, booted }: Have,
): { readonly steps: readonly Step[] } | Extract<Change, { refuse: string }> {
  const find = (name: string): readonly DeploymentFact[] =>
    deployments.filter((one) => !one.staged && isNamed(one, name, booted));
  const missing = (want.pinned ?? []).find((name) => find(name).length === 0);
  if (missing !== undefined) {
    return {
      refuse: `there is no deployment "${missing}" to pin: found ${deployments.map((one) => one.version || one.id).join(', ')}`,
      hint: 'a staged deployment can be pinned once it was booted',
    };
  }
  const step = (one: DeploymentFact, options: readonly string[]): Step => ({
    do: 'run',
    say: `${options.length > 0 ? 'unpin' : 'pin'} ${one.version || one.id}`,
    command: cmd('ostree', 'admin', 'pin', ...options, String(deployments.indexOf(one))),
  });
  // Of several of one version the first one is enough to keep.
  const pin = (want.pinned ?? []).flatMap((name) =>
    find(name).some(({ pinned }) => pinned) ? [] : find(name).slice(0, 1),
  );
  const unpin = (want.unpinned ?? []).flatMap((name) => find(name).filter(({ pinned }) => pinned));
  return {
    steps: [...new Set(pin)].map((one) => step(one, [])).concat([...new Set(unpin)].map((one) => step(one, ['-u']))),
  };
}

function policySteps(
  want: Params,
  { config, timer }: Have,
  version: string,
):
  | (Extract<Change, { steps: readonly Step[] }> & {
      diff: readonly [] | readonly [{ label: string; before: string; after: string }];
    })
  | Extract<Change, { refuse: string }> {
  const policy = want.automatic_updates;
  if (policy === undefined) return { steps: [], diff: [] };
  if (policy === 'apply' && !isAtLeast(version, '2023.4')) {
    return {
      refuse: `rpm-ostree ${version} cannot apply updates by itself`,
      hint: 'it can since 2023.4; automatic_updates: stage needs a reboot of its own',
    };
  }
  const isOn = policy !== 'none';
  if (isOn && timer['LoadState'] === 'not-found') {
    return { refuse: `this host has no ${TIMER}`, hint: 'rpm-ostree updates by itself since 2018.2' };
  }
  const after = withPolicy(config, policy);
  const isSet = policyIn(config) === policy;
  const isTimed = isOn
    ? timer['ActiveState'] === 'active' && timer['UnitFileState'] === 'enabled'
    : timer['ActiveState'] !== 'active' && timer['UnitFileState'] !== 'enabled';
  const write: readonly Step[] = [
    { do: 'put', say: `write AutomaticUpdatePolicy=${policy} to ${CONFIG}`, path: CONFIG, content: after },
    { do: 'run', say: 'let the daemon of rpm-ostree read it', command: cmd('rpm-ostree', 'reload') },
  ];
  const switchTimer: Step = {
    do: 'run',
    say: `${isOn ? 'enable' : 'disable'} ${TIMER}`,
    command: cmd('systemctl', isOn ? 'enable' : 'disable', '--now', '--', TIMER),
  };
  return {
    steps: [...(isSet ? [] : write), ...(isTimed ? [] : [switchTimer])],
    diff: isSet ? [] : [{ label: CONFIG, before: config, after }],
  };
}
