import { cmd } from '../../core/command.ts';
import type { Change, Diff, ModuleContext } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import type { Params } from './schema.ts';
import type { Have } from './state.ts';

/** Why something cannot be. */
export type Refusal = Extract<Change, { readonly refuse: string }>;

/** What is to be done about the mode and the file that later boots read. */
export interface ModePlan {
  /** Less strict at once, before anything else. */
  readonly first: readonly Step[];
  readonly file: readonly Step[];
  /** Strict only when everything else is as it should be. */
  readonly last: readonly Step[];
  readonly diff: readonly Diff[];
  readonly notes: readonly string[];
}

const CONFIG = '/etc/selinux/config';
const MODE = /^SELINUX=(.*)$/gm;
const POLICY = /^[ \t]*SELINUXTYPE=(.*)$/gm;

/** The mode the file gives later boots; empty when it has none, or several. */
export function modeAtBoot({ config = '' }: Have): string {
  return single([...config.matchAll(MODE)].map(([, value = '']) => value.trim().toLowerCase()));
}

/** The policy the file gives later boots. */
export function policyAtBoot({ config = '' }: Have): string {
  return single([...config.matchAll(POLICY)].map(([, value = '']) => value.trim()));
}

function single(values: readonly string[]): string {
  return new Set(values).size === 1 ? (values[0] ?? '') : '';
}

/** Why the mode or the policy cannot be had; undefined when they can. */
export function modeRefusal(want: Params, have: Have, context: ModuleContext): Refusal | undefined {
  return wrongMode(want, have, context) ?? wrongPolicy(want, have);
}

function wrongMode(want: Params, have: Have, context: ModuleContext): Refusal | undefined {
  const { mode } = want;
  if (mode === undefined || context.check) return undefined;
  if (mode === 'disabled' && have.now !== 'off' && want.mode_from === 'now') {
    return {
      refuse: `SELinux is ${have.now} in this boot, and only a boot without it disables it`,
      hint: 'write "rpm_ostree: {kargs: {append: [selinux=0]}}" before this task; "mode: permissive" needs no reboot',
    };
  }
  if (mode !== 'disabled' && have.now === 'off' && want.mode_from === 'now') {
    return {
      refuse: `SELinux is off in this boot, so it cannot become ${mode} now`,
      hint: 'write "mode: permissive" with "mode_from: boot", take the kernel argument selinux=0 away, reboot, and restore the labels',
    };
  }
  if (mode === 'enforcing' && have.now === 'off' && modeAtBoot(have) !== 'enforcing') {
    return {
      refuse:
        'SELinux is off in this boot: files that are made now have no labels, and an enforcing boot may not come up',
      hint: 'write "mode: permissive" with "mode_from: boot", reboot, restore the labels, then write "mode: enforcing"',
    };
  }
  // Without selinux=0 the file is what counts, and writing it first is the way back.
  const argument = against(want, have).find((word) => word !== 'selinux=0');
  if (argument === undefined || context.facts.ostree.pending) return undefined;
  return {
    refuse: `the kernel argument "${argument}" wins over ${CONFIG} at every boot`,
    hint: `take it away first: "rpm_ostree: {kargs: {delete: [${argument}]}}"`,
  };
}

/** Arguments of the kernel that boot another mode than the wished one. */
function against({ mode }: Params, { cmdline }: Have): readonly string[] {
  const wrong = { enforcing: ['selinux=0', 'enforcing=0'], permissive: ['selinux=0', 'enforcing=1'], disabled: [] };
  return mode === undefined ? [] : wrong[mode].filter((word) => cmdline.includes(word));
}

function wrongPolicy(want: Params, have: Have): Refusal | undefined {
  const { policy } = want;
  if (policy === undefined || policyAtBoot(have) === policy) return undefined;
  if (!have.hasPolicy) {
    return {
      refuse: `this host has no policy "${policy}": there is no /etc/selinux/${policy}/policy`,
      hint: `layer it first: "rpm_ostree: {packages: [selinux-policy-${policy}]}"`,
    };
  }
  const others = want.file_contexts.length + want.ports.length + want.restore.length;
  if (others + Object.keys(want.booleans).length === 0) return undefined;
  return {
    refuse: `the policy of this boot is "${have.policy}": the other wishes of the task would be about that one`,
    hint: 'change the policy in a task of its own, and reboot after it',
  };
}

/** The steps to the mode and the file; none when both are right. */
export function planMode(want: Params, have: Have): ModePlan {
  const { mode } = want;
  const isNow = mode === undefined || want.mode_from === 'boot' || mode === have.now || mode === 'disabled';
  const now: readonly Step[] = isNow || have.now === 'off' ? [] : [setMode(mode)];
  const text = textOf(want, have);
  const before = have.config ?? '';
  const file: readonly Step[] =
    text === before ? [] : [{ do: 'put', say: `write ${CONFIG}`, path: CONFIG, content: text }];
  const nowDiff = now.length === 0 ? [] : [{ label: 'SELinux now', before: `${have.now}\n`, after: `${mode ?? ''}\n` }];
  return {
    first: mode === 'permissive' ? now : [],
    file,
    last: mode === 'permissive' ? [] : now,
    diff: [...nowDiff, ...(file.length === 0 ? [] : [{ label: CONFIG, before, after: text }])],
    notes: notesOf(want, have),
  };
}

function setMode(mode: 'enforcing' | 'permissive' | 'disabled'): Step {
  return {
    do: 'run',
    say: `make SELinux ${mode} now`,
    command: cmd('setenforce', mode === 'enforcing' ? '1' : '0'),
    explain: ({ stderr }) => ({
      message: `SELinux does not become ${mode}: ${stderr.trim().slice(-200)}`,
      hint: 'where the boolean secure_mode_policyload is on, only a reboot changes the mode',
    }),
  };
}

function textOf(want: Params, have: Have): string {
  const { config = '' } = have;
  const mode =
    want.mode === undefined || modeAtBoot(have) === want.mode ? config : withLine(config, MODE, `SELINUX=${want.mode}`);
  if (want.policy === undefined || policyAtBoot(have) === want.policy) return mode;
  return withLine(mode, POLICY, `SELINUXTYPE=${want.policy}`);
}

function withLine(text: string, line: RegExp, wished: string): string {
  if (text.search(line) >= 0) return text.replaceAll(line, wished);
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${wished}\n`;
}

function notesOf(want: Params, have: Have): readonly string[] {
  const { mode, policy } = want;
  const off = mode === 'disabled' && !have.cmdline.includes('selinux=0');
  const apart = mode !== undefined && want.mode_from === 'now' && (mode === 'disabled') !== (have.now === 'off');
  return [
    ...(off ? ['without the kernel argument selinux=0 the kernel still runs SELinux, only without a policy'] : []),
    ...(apart ? [`SELinux is ${have.now} in this boot; only a reboot changes that`] : []),
    ...against(want, have).map((word) => `the kernel argument "${word}" of this boot wins over ${CONFIG}`),
    ...(policy !== undefined && policyAtBoot(have) !== policy
      ? [`the policy "${policy}" holds from the next boot on, and every file needs its labels then`]
      : []),
  ];
}
