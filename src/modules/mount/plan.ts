import { cmd } from '../../core/command.ts';
import type { Change, Diff, ModuleContext } from '../../core/module.ts';
import type { Explain, Step } from '../../core/step.ts';
import { entriesOf, withEntry, withoutEntry, type Entry } from './fstab.ts';
import type { Params } from './schema.ts';
import type { Have, Mounted } from './state.ts';

const FSTAB = '/etc/fstab';

type Refusal = Extract<Change, { readonly refuse: string }>;

/** The steps from what is mounted and written to what is wished. */
export function plan(want: Params, have: Have, context: ModuleContext): Change {
  const { path } = want;
  switch (want.state) {
    case 'absent': {
      const steps = [...unmount(path, have), ...fstabSteps(have, withoutEntry(have.fstab, path))];
      return refuseBelow(path, have) ?? change(path, have, steps, fstabDiff(have, withoutEntry(have.fstab, path)), '');
    }
    case 'unmounted':
      return refuseBelow(path, have) ?? change(path, have, unmount(path, have), [], '');
    case 'present':
    case 'mounted':
      return planMounted(want, have, context);
  }
}

function change(path: string, have: Have, steps: readonly Step[], diff: readonly Diff[], after: string): Change {
  const now = have.mounts.at(-1);
  const before = now === undefined ? '' : `${now.source} ${now.fstype}`;
  const line = (text: string): string => (text === '' ? '' : `${text}\n`);
  const isOther = steps.some((step) => step.do === 'run' && /^(?:mount|umount)$/.test(step.command.argv[0]));
  return { steps, diff: isOther ? [{ label: path, before: line(before), after: line(after) }, ...diff] : diff };
}

function refuseBelow(path: string, have: Have): Refusal | undefined {
  if (have.mounts.length === 0 || have.below.length === 0) return undefined;
  const refuse = `"${path}" cannot be unmounted: something is mounted on ${have.below.map((one) => `"${one}"`).join(', ')}`;
  return { refuse, hint: 'unmount what is below first', code: 'E_BUSY' };
}

/** Things may be mounted over one another: all of them go. */
function unmount(path: string, have: Have): readonly Step[] {
  return have.mounts.map(() => ({
    do: 'run',
    say: `unmount ${path}`,
    command: cmd('umount', '--', path),
    explain: explainBusy(path),
  }));
}

/** Exit 32 of umount: it failed, which on a mounted path means that somebody uses it. */
function explainBusy(path: string): Explain {
  return ({ code, stderr }) => {
    if (code !== 32) return undefined;
    const message = `${path} stays as it is: ${stderr.trim().split('\n').at(-1) ?? ''}`;
    return { code: 'E_BUSY', message, hint: `"fuser -vm ${path}" on the host shows who uses it` };
  };
}

function planMounted(want: Params, have: Have, context: ModuleContext): Change {
  const { path, src = '', fstype = '', state, boot } = want;
  const refusal = whyNot(want, have, context);
  if (refusal !== undefined) return refusal;
  const entry: Entry = { src, path, fstype, options: optionText(want), passno: want.passno };
  const text = boot && !isEntered(have, entry) ? withEntry(have.fstab, entry) : have.fstab;
  const fstab = fstabSteps(have, text);
  const diff = fstabDiff(have, text);
  if (state === 'present') return { steps: fstab, diff };
  const now = have.mounts.at(-1);
  const shown = `${src} ${fstype}`;
  if (now !== undefined) {
    const remount = remountSteps(want, now);
    const isRewritten = fstab.length > 0 && remount.length === 0;
    const notes = isRewritten ? [`${path} keeps the options it is mounted with until it is mounted anew`] : [];
    return { ...change(path, have, [...fstab, ...remount], diff, shown), notes };
  }
  const folder: Step = {
    do: 'run',
    say: `make the folder ${path}`,
    command: cmd('mkdir', '-p', '-m', '0755', '--', path),
  };
  const mount: Step = {
    do: 'run',
    say: `mount ${src} on ${path}`,
    command: cmd('mount', '-t', fstype, '-o', optionText(want), '--', src, path),
  };
  const notes = have.device === '' && isDevice(src) && context.check ? [`${src} is not there yet`] : [];
  return { ...change(path, have, [...(have.at === 'absent' ? [folder] : []), ...fstab, mount], diff, shown), notes };
}

function optionText({ options }: Params): string {
  return options.length === 0 ? 'defaults' : options.join(',');
}

function isDevice(src: string): boolean {
  return /^(?:\/dev\/|UUID=|LABEL=|PARTUUID=|PARTLABEL=)/.test(src);
}

function whyNot(want: Params, have: Have, context: ModuleContext): Refusal | undefined {
  const { path, src = '', state } = want;
  if (have.real !== path) {
    const hint = `write path: ${have.real}; systemd mounts nothing on a path with a link in it`;
    return { refuse: `"${path}" leads to "${have.real}"`, hint };
  }
  if (have.at === 'file') return { refuse: `"${path}" is no folder` };
  const now = have.mounts.at(-1);
  if (state === 'mounted' && now !== undefined && !isWished(want, have, now)) {
    const hint = 'unmount it first, with a task of its own: state: unmounted';
    return {
      refuse: `on "${path}" ${now.source} (${now.fstype}) is mounted, expected ${src} (${want.fstype ?? ''})`,
      hint,
      code: 'E_BUSY',
    };
  }
  const isMissing = state === 'mounted' && now === undefined && isDevice(src) && have.device === '';
  if (!isMissing || context.check) return undefined;
  return { refuse: `there is no device ${src}`, hint: '"lsblk -o PATH,UUID,LABEL" on the host lists what there is' };
}

/** What is mounted is what is wished: the same device, the same folder, the same network path, or just a tmpfs. */
function isWished(want: Params, have: Have, now: Mounted): boolean {
  const { src = '', fstype } = want;
  if (want.options.includes('bind') || want.options.includes('rbind')) return have.isSameFolder;
  if (fstype !== 'auto' && fstype !== now.fstype && !(fstype === 'nfs' && now.fstype === 'nfs4')) return false;
  if (isDevice(src)) return have.node === now.node || (now.source !== '' && now.source === have.device);
  return now.source.replace(/\/$/, '') === src.replace(/\/$/, '') || now.fstype === 'tmpfs';
}

/** Options that the kernel shows for every mount, and their opposites; others cannot be compared. */
const FLAGS: readonly (readonly [on: string, off: string])[] = [
  ['ro', 'rw'],
  ['nosuid', 'suid'],
  ['nodev', 'dev'],
  ['noexec', 'exec'],
  ['noatime', 'relatime'],
  ['nodiratime', 'diratime'],
];

function remountSteps({ path, options }: Params, now: Mounted): readonly Step[] {
  const isBind = options.includes('bind') || options.includes('rbind');
  const differing = FLAGS.flatMap(([on, off]) => {
    const has = now.options.includes(on) || (on === 'ro' && !isBind && now.superOptions.includes('ro'));
    if (options.includes(on)) return has ? [] : [on];
    // Without a word a mount is writable; of the others the system decides.
    return has && (on === 'ro' || options.includes(off)) ? [off] : [];
  });
  if (differing.length === 0) return [];
  const words = ['remount', ...(isBind ? ['bind'] : []), ...differing];
  return [
    {
      do: 'run',
      say: `mount ${path} anew with ${differing.join(', ')}`,
      command: cmd('mount', '-o', words.join(','), '--', path),
      explain: explainBusy(path),
    },
  ];
}

function isEntered(have: Have, entry: Entry): boolean {
  const [first, ...more] = entriesOf(have.fstab, entry.path);
  if (first === undefined || more.length > 0) return false;
  const { src, fstype, options, passno } = first;
  return src === entry.src && fstype === entry.fstype && options === entry.options && passno === entry.passno;
}

function fstabSteps(have: Have, text: string): readonly Step[] {
  if (text === have.fstab) return [];
  const write: Step = { do: 'put', say: `write ${FSTAB}`, path: FSTAB, content: text };
  if (!have.hasSystemd) return [write];
  return [write, { do: 'run', say: 'have systemd read fstab', command: cmd('systemctl', 'daemon-reload') }];
}

function fstabDiff(have: Have, text: string): readonly Diff[] {
  return text === have.fstab ? [] : [{ label: FSTAB, before: have.fstab, after: text }];
}
