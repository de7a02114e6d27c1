import { cmd } from '../../core/command.ts';
import type { Change, Diff, ModuleContext } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import { modeRefusal, planMode, type Refusal } from './mode.ts';
import { planRules, ruleRefusal } from './rules.ts';
import type { Params } from './schema.ts';
import type { Have } from './state.ts';

/** Permissive first; then what the policy allows; labels; and only at the end enforcing. */
export function plan(want: Params, have: Have, context: ModuleContext): Change {
  const early = unfit(want, have, context) ?? modeRefusal(want, have, context) ?? wrongBoolean(want, have);
  if (early !== undefined) return early;
  if (needsPolicy(want) && have.now === 'off')
    return { steps: [], notes: [`${OFF}; what the policy holds is not known`] };
  const late = ruleRefusal(want, have) ?? wrongPath(want, have, context);
  if (late !== undefined) return late;
  const mode = planMode(want, have);
  const switches = planSwitches(want, have);
  const rules = planRules(want, have);
  const labels = planLabels(want, have, rules.steps.length > 0);
  const steps = [...mode.first, ...mode.file, ...switches.steps, ...rules.steps, ...labels.steps, ...mode.last];
  if (steps.length > 0 && !have.isWritable) {
    return {
      refuse: 'only root may change SELinux: /etc/selinux is not writable',
      hint: 'add "become: true" to the task',
    };
  }
  const isStored = rules.steps.length > 0 || switches.isKept;
  return {
    steps,
    diff: [...mode.diff, ...switches.diff, ...rules.diff, ...labels.diff],
    notes: [...mode.notes, ...(isStored && freezes(context) ? [FROZEN] : [])],
  };
}

const OFF = 'SELinux is off in this boot';
const FROZEN =
  'this host has ostree older than 2022.3: once its policy is changed, updates of the policy in later images do not reach it ("ostree admin config-diff" shows the files)';

/** Files of /etc that differ from the image stay; ostree builds the policy of a changed host anew since 2022.3. */
function freezes({ facts }: ModuleContext): boolean {
  const [, year, release] = /^(\d+)\.(\d+)/.exec(facts.tools['ostree'] ?? '') ?? [];
  return facts.os.image_based && year !== undefined && Number(year) * 100 + Number(release) < 202_203;
}

function needsPolicy(want: Params): boolean {
  const { booleans, ports, restore } = want;
  return want.file_contexts.length + ports.length + restore.length + Object.keys(booleans).length > 0;
}

function unfit(want: Params, have: Have, context: ModuleContext): Refusal | undefined {
  if (have.config === undefined && have.now === 'off') {
    const hint = 'it is for hosts whose image brings a policy: there is no /etc/selinux/config';
    return { refuse: 'this host has no SELinux', hint };
  }
  if (!needsPolicy(want) || have.now !== 'off' || context.check) return undefined;
  const hint = 'the policy of a host is read and changed while SELinux runs; see "mode" in "copse doc selinux"';
  return { refuse: `${OFF}: booleans, labels and ports cannot be looked at`, hint };
}

function wrongBoolean(want: Params, have: Have): Refusal | undefined {
  if (have.now === 'off') return undefined;
  const unknown = Object.keys(want.booleans).find((name) => have.booleans.get(name)?.now === undefined);
  if (unknown !== undefined) {
    const refuse = `the policy "${have.policy}" of this host has no boolean "${unknown}"`;
    return { refuse, hint: '"getsebool -a" on the host lists them' };
  }
  const unkept = Object.keys(want.booleans).find((name) => have.booleans.get(name)?.kept === undefined);
  if (unkept === undefined) return undefined;
  const refuse = `what "${unkept}" is at the next boot cannot be read from /etc/selinux/${have.policy}/policy`;
  return {
    refuse,
    hint: 'where that folder is closed to others add "become: true"; else the policy there is not the one that runs',
  };
}

function wrongPath(want: Params, have: Have, context: ModuleContext): Refusal | undefined {
  if (want.restore.length > 0 && !have.tools.includes('restorecon')) {
    return {
      refuse: 'this host has no restorecon',
      hint: 'layer it first: "rpm_ostree: {packages: [policycoreutils]}"',
    };
  }
  const missing = have.restore.find(({ isThere }) => !isThere);
  if (missing === undefined || context.check) return undefined;
  return {
    refuse: `there is no "${missing.path}" whose labels could be restored`,
    hint: 'make it first, with file or copy',
  };
}

interface SwitchPlan {
  readonly steps: readonly Step[];
  readonly diff: readonly Diff[];
  /** The policy on the disk is changed. */
  readonly isKept: boolean;
}

function planSwitches(want: Params, have: Have): SwitchPlan {
  const all = Object.entries(want.booleans).map(([name, wished]) => ({ name, wished, ...have.booleans.get(name) }));
  const kept = all.filter((one) => one.kept !== one.wished);
  const now = all.filter((one) => one.kept === one.wished && one.now !== one.wished);
  const words = (list: typeof all): string[] => list.map(({ name, wished }) => `${name}=${wished ? '1' : '0'}`);
  const names = (list: typeof all): string => list.map(({ name }) => name).join(', ');
  const explain = ({ stderr }: { readonly stderr: string }): { message: string; hint: string } => ({
    message: `the booleans are not taken: ${stderr.trim().slice(-200)}`,
    hint: 'booleans need root, and a policy that is not being changed by somebody else',
  });
  const steps: Step[] = [];
  if (kept.length > 0) {
    const command = cmd('setsebool', '-P', ...words(kept));
    steps.push({ do: 'transaction', say: `set ${names(kept)}, now and at boot`, command, explain });
  }
  if (now.length > 0) {
    steps.push({ do: 'run', say: `set ${names(now)}, now`, command: cmd('setsebool', ...words(now)), explain });
  }
  const diff = [...kept, ...now].map((one) => ({
    label: one.name,
    before: `${word(one.now)}, at boot ${word(one.kept)}\n`,
    after: `${word(one.wished)}, at boot ${word(one.wished)}\n`,
  }));
  return { steps, diff, isKept: kept.length > 0 };
}

function word(value: boolean | undefined): string {
  if (value === undefined) return 'not there';
  return value ? 'on' : 'off';
}

/** Where rules change, what differs is known only after that: every path is gone over then. */
function planLabels(want: Params, have: Have, rulesChange: boolean): { steps: readonly Step[]; diff: readonly Diff[] } {
  const paths = want.restore.filter((path) => {
    const found = have.restore.find((one) => one.path === path);
    return rulesChange || (found !== undefined && found.differing.length > 0);
  });
  const steps = paths.map((path): Step => {
    const command = cmd('restorecon', '-R', path);
    return { do: 'transaction', say: `restore the labels of ${path}`, command };
  });
  const diff = have.restore
    .filter(({ differing }) => differing.length > 0)
    .map(({ path, differing }) => ({ label: `labels below ${path}`, before: '', after: `${differing.join('\n')}\n` }));
  return { steps, diff };
}
