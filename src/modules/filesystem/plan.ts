import { cmd, script, type Command } from '../../core/command.ts';
import type { Change, Diff, ModuleContext } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import type { Block } from '../block-state.ts';
import { contentsOf, lvmLabelOf, usesOf, wipeStep } from '../block-use.ts';
import { growStep } from '../file-system-resize.ts';
import { isShorterThanDevice } from '../file-system-size.ts';
import type { Params } from './schema.ts';

/** What `filesystem` knows of a device. */
export interface Have {
  readonly block: Block;
  /** Whether the host has the mkfs of the wished type; true when none is needed. */
  readonly hasTool: boolean;
}

type Device = Extract<Block, { is: 'block' }>;
type Refusal = Extract<Change, { readonly refuse: string }>;

/** The steps from what is on a device to what is wished there. */
export function plan(want: Params, { block, hasTool }: Have, context: ModuleContext): Change {
  const { device, type } = want;
  if (block.is === 'absent' && context.check) return planLater(want);
  if (block.is !== 'block') {
    const what = block.is === 'absent' ? 'is not there' : 'is no block device';
    return { refuse: `"${device}" ${what}`, hint: '"lsblk -o PATH,SIZE,FSTYPE" on the host lists what there is' };
  }
  if (!block.self.isReadable) {
    return { refuse: `"${device}" cannot be read`, hint: 'that needs root: add "become: true" to the task' };
  }
  if (want.state === 'absent' || type === undefined) return planAbsent(device, block);
  if (block.self.probe['TYPE'] === type && block.parts.length === 0) return planExisting(want, block);
  return planNew(want, type, block, hasTool);
}

/** Under check: an earlier task may still make the device, which is empty then. */
function planLater(want: Params): Change {
  const notes = [`${want.device} is not there yet`];
  if (want.type === undefined) return { steps: [], notes };
  return { ...make(want, want.type, []), notes };
}

function planAbsent(device: string, block: Device): Change {
  const contents = contentsOf(block);
  if (contents.length === 0) return { steps: [] };
  const taken = whyNotErase(device, block);
  if (taken !== undefined) return taken;
  return { steps: [wipeStep(device, block)], diff: [{ label: device, before: `${contents.join('\n')}\n`, after: '' }] };
}

/** Nothing is erased that somebody uses, and no member of a volume group: lvm knows whether it may go. */
function whyNotErase(device: string, block: Device): Refusal | undefined {
  const { self, parts } = block;
  const uses = usesOf(block);
  if (uses.length > 0) {
    const hint = 'a device in use is never erased; free it first';
    return { refuse: `"${device}" is in use: ${uses.join(', ')}`, hint, code: 'E_DESTROY' };
  }
  const member = [self, ...parts].find((node) => lvmLabelOf(node) !== undefined);
  if (member === undefined && !self.isReadOnly) return undefined;
  if (member === undefined) return { refuse: `"${device}" is read-only` };
  return {
    refuse: `"${member.real}" is a physical volume of lvm`,
    hint: 'take it out of its group first: lvm with remove_pvs, or with state: absent',
    code: 'E_DESTROY',
  };
}

function planNew(want: Params, type: string, block: Device, hasTool: boolean): Change {
  const contents = contentsOf(block);
  const taken = whyNotErase(want.device, block);
  if (taken !== undefined) return taken;
  if (!hasTool) return noTool(type);
  const { steps, diff } = make(want, type, contents);
  return { steps: contents.length === 0 ? steps : [wipeStep(want.device, block), ...steps], diff };
}

function noTool(type: string): Refusal {
  const hint = `layer the package that has it: ${PACKAGES[type] ?? type}`;
  return { refuse: `the host has no mkfs.${type}`, hint, code: 'E_UNSUPPORTED' };
}

function make(
  { device, label, options }: Params,
  type: string,
  contents: readonly string[],
): { readonly steps: readonly Step[]; readonly diff: readonly Diff[] } {
  const step: Step = {
    do: 'transaction',
    say: `make ${/^[aeiox]/.test(type) ? 'an' : 'a'} ${type} file system on ${device}`,
    command: makeCommand(type, [...labelWords(type, label), ...options], device),
  };
  const before = contents.length === 0 ? '' : `${contents.join('\n')}\n`;
  return { steps: [step], diff: [{ label: device, before, after: `${type}${labelText(label)}\n` }] };
}

const PACKAGES: Readonly<Record<string, string>> = {
  ext2: 'e2fsprogs',
  ext3: 'e2fsprogs',
  ext4: 'e2fsprogs',
  xfs: 'xfsprogs',
  btrfs: 'btrfs-progs',
  vfat: 'dosfstools',
};

/** A whole disk is taken without a question; a device in use is refused by each of them. */
const QUIET: Readonly<Record<string, readonly string[]>> = {
  ext2: ['-q', '-F'],
  ext3: ['-q', '-F'],
  ext4: ['-q', '-F'],
  xfs: ['-q'],
  btrfs: ['-q'],
  vfat: ['-I'],
};

// Links by label and UUID are there when the next task looks for them.
const MAKE = `"$@" </dev/null || exit
if command -v udevadm >/dev/null 2>&1; then udevadm settle --timeout=30; fi
exit 0`;

function makeCommand(type: string, words: readonly string[], device: string): Command {
  return script(MAKE, `mkfs.${type}`, ...(QUIET[type] ?? []), ...words, device);
}

function labelWords(type: string, label: string | undefined): readonly string[] {
  if (label === undefined) return [];
  return [type === 'vfat' ? '-n' : '-L', label];
}

function planExisting(want: Params, block: Device): Change {
  const { device, type = '', label, grow } = want;
  const { self } = block;
  const has = self.probe['LABEL'];
  const steps: Step[] = [];
  const isRenamed = label !== undefined && label !== has;
  const isShort = grow && isShorterThanDevice(self);
  const frozen = self.mounts.find((mount) => mount.isFrozen);
  if ((isShort || isRenamed) && frozen !== undefined) {
    const refuse = `the ${type} file system on "${device}" cannot be changed: it is mounted read-only on ${frozen.target}`;
    return { refuse, hint: 'unmount it, or remount it writable' };
  }
  if (isRenamed) {
    const command = labelCommand(type, label, device, self.mounts[0]?.target);
    steps.push({ do: 'run', say: `label the ${type} file system on ${device} ${label}`, command });
  }
  if (isShort) steps.push(growStep(device, type));
  if (steps.length === 0) return { steps };
  const line = (name: string | undefined, size: string): string => `${type}${labelText(name)}${size}\n`;
  const before = line(has, isShort ? ', shorter than its device' : '');
  return { steps, diff: [{ label: device, before, after: line(label ?? has, '') }] };
}

function labelText(label: string | undefined): string {
  return label === undefined ? '' : ` "${label}"`;
}

/** A mounted xfs or btrfs is labelled through its mount point. */
function labelCommand(type: string, label: string, device: string, mounted: string | undefined): Command {
  if (type === 'xfs') {
    return mounted === undefined
      ? cmd('xfs_admin', '-L', label, device)
      : cmd('xfs_io', '-c', `label -s ${label}`, mounted);
  }
  if (type === 'btrfs') return cmd('btrfs', 'filesystem', 'label', mounted ?? device, label);
  return type === 'vfat' ? cmd('fatlabel', device, label) : cmd('e2label', device, label);
}
