import { cmd } from '../../core/command.ts';
import type { Change, Diff, ModuleContext } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import { markOf, ownedRefusal, planOwned } from '../owned-file.ts';
import { kernelName, type Params } from './schema.ts';
import type { Have } from './state.ts';

type Refusal = Extract<Change, { readonly refuse: string }>;

/** First the rules, then the module itself by them, then what loads it at boot: only what could be loaded is. */
export function plan(want: Params, have: Have, context: ModuleContext): Change {
  const rules = rulesOf(want);
  const load = want.state === 'loaded' ? `${markOf('kernel_module')}\n${want.name}\n` : undefined;
  const refusal =
    ownedRefusal(have.rules, rules, 'kernel_module') ??
    ownedRefusal(have.load, load, 'kernel_module') ??
    (want.state === 'loaded' ? cannotLoad(want, have, context) : cannotGo(want, have));
  if (refusal !== undefined) return refusal;
  const files = [planOwned(have.rules, rules), planOwned(have.load, load)];
  const [before, after] = files.map((one) => one.steps);
  const now = nowSteps(want, have);
  const diff = [...nowDiff(want, have, now), ...files.flatMap((one) => one.diff)];
  return { steps: [...(before ?? []), ...now, ...(after ?? [])], diff, notes: notesOf(want, have) };
}

function rulesOf({ name, state, options = {} }: Params): string | undefined {
  const mark = markOf('kernel_module');
  if (state === 'blacklisted') return `${mark}\nblacklist ${name}\ninstall ${name} /bin/false\n`;
  const words = Object.entries(options).map(([key, value]) => `${key}=${value}`);
  return state === 'absent' || words.length === 0 ? undefined : `${mark}\noptions ${name} ${words.join(' ')}\n`;
}

function cannotLoad({ name }: Params, have: Have, context: ModuleContext): Refusal | undefined {
  const [block] = have.blocks;
  if (have.where !== 'builtin' && block !== undefined && !context.check) {
    return {
      refuse: `"${name}" is kept from being loaded: ${block}`,
      hint: 'remove that line; an argument of the kernel with rpm_ostree: {kargs: …}',
    };
  }
  if (have.where !== 'nowhere' || context.check) return undefined;
  return {
    refuse: `the kernel ${have.kernel} has no module "${name}"`,
    hint: 'check its spelling; on some systems it is in a package of its own, such as kernel-modules-extra',
  };
}

function cannotGo({ name, state }: Params, have: Have): Refusal | undefined {
  if (have.where === 'builtin') {
    const hint = 'only its own parameters can switch it off: rpm_ostree: {kargs: …}';
    return { refuse: `"${name}" is part of the kernel itself, so it cannot be ${state}`, hint };
  }
  if (have.where !== 'loaded' || have.users === 0) return undefined;
  const by = have.usedBy.length === 0 ? '' : ` by ${have.usedBy.join(', ')}`;
  return {
    refuse: `"${name}" is in use${by} (${have.users}), so it cannot be removed from the kernel`,
    hint: 'stop what uses it first; write it as blacklisted with copy and reboot where nothing can be stopped',
    code: 'E_BUSY',
  };
}

function nowSteps(want: Params, have: Have): readonly Step[] {
  const name = kernelName(want);
  if (want.state === 'loaded') {
    if (have.where === 'loaded' || have.where === 'builtin') return [];
    return [{ do: 'run', say: `load ${want.name}`, command: cmd('modprobe', want.name) }];
  }
  if (have.where !== 'loaded') return [];
  return [{ do: 'run', say: `remove ${want.name} from the kernel`, command: cmd('modprobe', '-r', name) }];
}

function nowDiff({ name, state }: Params, { where }: Have, steps: readonly Step[]): readonly Diff[] {
  if (steps.length === 0) return [];
  const before = where === 'loaded' ? 'loaded' : 'not loaded';
  return [{ label: name, before: `${before}\n`, after: `${state === 'loaded' ? 'loaded' : 'not loaded'}\n` }];
}

function notesOf(want: Params, have: Have): readonly string[] {
  const { name, state } = want;
  if (state === 'absent') return have.loaders.map((file) => `${file} loads "${name}" at the next boot all the same`);
  if (state === 'blacklisted') return [];
  const missing = have.where === 'nowhere' ? [`the kernel ${have.kernel} has no module "${name}" yet`] : [];
  const blocked =
    have.where === 'builtin' ? [] : have.blocks.map((one) => `"${name}" is kept from being loaded: ${one}`);
  const other = Object.entries(want.options ?? {})
    .filter(([key, value]) => have.options.has(key) && !isSameOption(value, have.options.get(key) ?? ''))
    .map(
      ([key, value]) =>
        `"${name}" runs with ${key}=${have.options.get(key) ?? ''}; ${value} holds when it is loaded anew`,
    );
  const builtin = have.where === 'builtin' && want.options !== undefined;
  const inside = builtin ? [`"${name}" is part of the kernel itself: its options are arguments of the kernel`] : [];
  return [...missing, ...blocked, ...other, ...inside];
}

/** The kernel prints booleans as Y and N. */
function isSameOption(wished: string, now: string): boolean {
  const plain = (value: string): string => ({ y: '1', n: '0', Y: '1', N: '0' })[value] ?? value;
  return plain(wished) === plain(now.trim());
}
