import { cmd } from '../../core/command.ts';
import type { Step } from '../../core/step.ts';
import { showSize } from '../../core/units.ts';
import type { BlockNode } from '../block-state.ts';
import { isBlank, usesOfNode } from '../block-use.ts';
import { GROWABLE, growStep, SHRINKABLE, shrinkStep } from '../file-system-resize.ts';
import { isShorterThanDevice } from '../file-system-size.ts';
import { addDiff, fullName, showExtents, type Draft } from './draft.ts';
import { explain } from './explain.ts';
import { tagWords } from './group.ts';
import { extentsFor, shareOf } from './size.ts';
import type { LogicalVolume } from './state.ts';
import type { Volume } from './volume-schema.ts';

/** Plans a linear or thin volume: made, or activated, brought to its size, its file system with it, tagged. */
export function planVolume(draft: Draft, want: Volume): void {
  const lv = draft.volumes.get(want.name);
  if (lv === undefined) makeVolume(draft, want);
  else if (isKind(draft, want, lv)) changeVolume(draft, want, lv);
}

/** False, with a refusal, where something else has the name. */
export function isKind(draft: Draft, want: Volume, lv: LogicalVolume): boolean {
  // Mirrors, caches and striped volumes are left as they are; only their size must not be asked for.
  const isKept = lv.kind === 'other' && want.type === 'linear' && want.size === undefined;
  if (lv.kind === want.type || isKept) return true;
  const hint =
    lv.kind === 'other' && want.type === 'linear'
      ? 'copse does not resize such volumes: leave "size" out'
      : 'choose another name, or remove the volume with a task of its own';
  draft.refusals.push({ refuse: `"${fullName(draft, want.name)}" is ${lv.segtype}, expected ${want.type}`, hint });
  return false;
}

function makeVolume(draft: Draft, want: Volume): void {
  const name = fullName(draft, want.name);
  if (want.size === undefined) {
    draft.refusals.push({ refuse: `there is no volume "${name}"`, hint: 'give "size" to make it' });
    return;
  }
  const isThin = want.type === 'thin';
  if (isThin && !hasPool(draft, want)) return;
  const extents = goalOf(draft, want, undefined) ?? 0;
  if (!fits(draft, name, isThin ? 0 : extents, extents)) return;
  const space = isThin
    ? ['--type', 'thin', '-V', `${extents * draft.extentSize}b`, '--thinpool', want.pool ?? '']
    : ['-l', String(extents)];
  const tags = (want.tags ?? []).flatMap((tag) => ['--addtag', tag]);
  const skip = want.skip_activation === true ? ['-k', 'y'] : [];
  draft.steps.push({
    do: 'run',
    say: `make the volume ${name} of ${showExtents(draft, extents)}`,
    command: cmd('lvm', 'lvcreate', '-y', '-n', want.name, ...space, ...tags, ...skip, draft.want.vg),
    explain,
  });
  if (want.skip_activation === true && want.active) draft.steps.push(activation(draft, want.name, true, true));
  if (!want.active) draft.steps.push(activation(draft, want.name, false, false));
  if (!isThin) draft.free -= extents;
  addDiff(draft, name, '', `${want.type} ${showSize(extents * draft.extentSize)}`);
}

/** False, with a refusal, where there is no pool, or one that somebody else fills behind the back of LVM. */
function hasPool(draft: Draft, want: Volume): boolean {
  const pool = draft.volumes.get(want.pool ?? '');
  if (pool?.kind !== 'thin-pool') {
    const hint = 'declare the pool in "lvs" too: type thin-pool';
    draft.refusals.push({ refuse: `there is no thin pool "${fullName(draft, want.pool ?? '')}"`, hint });
    return false;
  }
  const hasOthers = [...draft.volumes.values()].some((one) => one.pool === pool.name);
  if ((pool.dataPercent ?? 0) === 0 || hasOthers) return true;
  draft.refusals.push({
    refuse: `the pool "${fullName(draft, pool.name)}" holds data, but no volume that LVM knows: something else, such as Docker, owns it`,
    hint: 'make a pool of its own for this volume',
  });
  return false;
}

/** True where so many extents are there to take; with a refusal otherwise. */
export function fits(draft: Draft, name: string, needed: number, size: number): boolean {
  if (size < 1) {
    draft.refusals.push({ refuse: `no space is left for "${name}" in the volume group`, code: 'E_SPACE' });
    return false;
  }
  if (needed <= draft.free) return true;
  draft.refusals.push({
    refuse: `"${name}" needs ${showExtents(draft, needed)}, and ${showExtents(draft, draft.free)} are free`,
    hint: 'add a disk to "pvs", or ask for less',
    code: 'E_SPACE',
  });
  return false;
}

/** The extents a linear or thin volume should have; undefined where a share of free space was meant for its making only. */
function goalOf(draft: Draft, { size, pool }: Volume, have: number | undefined): number | undefined {
  if (size === undefined) return undefined;
  if ('bytes' in size) return extentsFor(size.bytes, draft.extentSize);
  const room = draft.free + (have ?? 0);
  if (size.of === 'VG') return Math.min(room, shareOf(draft.total, size.percent));
  if (size.of === 'PVS') return Math.min(room, shareOf(draft.named, size.percent));
  if (size.of === 'POOL') return shareOf((draft.volumes.get(pool ?? '')?.bytes ?? 0) / draft.extentSize, size.percent);
  if (size.percent === 100) return room;
  return have === undefined ? shareOf(draft.free, size.percent) : undefined;
}

function changeVolume(draft: Draft, want: Volume, lv: LogicalVolume): void {
  const isActivated = planActivation(draft, want, lv);
  resize(draft, want, lv, isActivated);
  changeProperties(draft, want.name, [
    ...tagWords(want.tags ?? [], want.remove_tags ?? [], lv.tags),
    ...skipWords(want, lv),
  ]);
}

/** Activates or deactivates; true where an inactive volume becomes active. */
export function planActivation(draft: Draft, want: Volume, lv: LogicalVolume): boolean {
  const name = fullName(draft, want.name);
  if (want.active === lv.isActive) return false;
  if (want.active && lv.isPartial) {
    draft.refusals.push({ refuse: `"${name}" cannot be activated: a disk of it is gone`, hint: 'see "missing_pvs"' });
    return false;
  }
  if (!want.active && lv.isOpen) {
    draft.refusals.push({
      refuse: `"${name}" is in use, so it cannot be deactivated`,
      hint: 'unmount it first',
      code: 'E_BUSY',
    });
    return false;
  }
  draft.steps.push(activation(draft, want.name, want.active, lv.isSkipped));
  addDiff(draft, name, lv.isActive ? 'active' : 'inactive', want.active ? 'active' : 'inactive');
  return want.active;
}

function activation(draft: Draft, volume: string, active: boolean, isSkipped: boolean): Step {
  const name = fullName(draft, volume);
  const words = active ? ['-ay', ...(isSkipped ? ['-K'] : [])] : ['-an'];
  const say = active ? `activate ${name}` : `deactivate ${name}`;
  return { do: 'run', say, command: cmd('lvm', 'lvchange', ...words, name), explain };
}

/** The words that set whether a volume stays inactive at boot. */
export function skipWords(want: Volume, lv: LogicalVolume): readonly string[] {
  if (want.skip_activation === undefined || want.skip_activation === lv.isSkipped) return [];
  return ['-k', want.skip_activation ? 'y' : 'n'];
}

/** Sets properties of a volume, all in one command. */
export function changeProperties(draft: Draft, volume: string, words: readonly string[]): void {
  if (words.length === 0) return;
  const name = fullName(draft, volume);
  const command = cmd('lvm', 'lvchange', ...words, name);
  draft.steps.push({ do: 'run', say: `set properties of ${name}: ${words.join(' ')}`, command, explain });
  addDiff(draft, `properties of ${name}`, '', words.join(' '));
}

function resize(draft: Draft, want: Volume, lv: LogicalVolume, isActivated: boolean): void {
  const have = lv.bytes / draft.extentSize;
  const goal = want.resize === 'never' ? undefined : goalOf(draft, want, have);
  const isAbsolute = want.size !== undefined && 'bytes' in want.size;
  if (goal !== undefined && goal > have) grow(draft, want, lv, goal);
  else if (goal !== undefined && goal < have && isAbsolute) {
    shrink(draft, want, lv, goal);
    return;
  }
  const isGrowing = goal !== undefined && goal > have;
  if (want.size !== undefined && want.resize_fs && want.active) growInside(draft, want, isGrowing, isActivated);
}

function grow(draft: Draft, want: Volume, lv: LogicalVolume, goal: number): void {
  const name = fullName(draft, want.name);
  const have = lv.bytes / draft.extentSize;
  if (lv.kind !== 'thin' && !fits(draft, name, goal - have, goal)) return;
  draft.steps.push({
    do: 'run',
    say: `grow ${name} from ${showSize(lv.bytes)} to ${showExtents(draft, goal)}`,
    command: cmd('lvm', 'lvextend', '-l', String(goal), name),
    explain,
  });
  if (lv.kind !== 'thin') draft.free -= goal - have;
  addDiff(draft, name, `${want.type} ${showSize(lv.bytes)}`, `${want.type} ${showSize(goal * draft.extentSize)}`);
}

/** The file system reaches to the end of its volume, also when an earlier run got only half way. */
function growInside(draft: Draft, want: Volume, isGrowing: boolean, isActivated: boolean): void {
  const path = `/dev/${fullName(draft, want.name)}`;
  const block = draft.have.volumes.get(want.name);
  if (block?.is !== 'block') {
    if (isGrowing && isActivated) draft.steps.push(growStep(path, ''));
    return;
  }
  const type = block.self.probe['TYPE'] ?? '';
  if (!isGrowing && !isShorterThanDevice(block.self)) return;
  if (GROWABLE.includes(type) && block.self.mounts.some((mount) => mount.isFrozen)) {
    const [mount] = block.self.mounts;
    draft.refusals.push({
      refuse: `the ${type} file system on "${path}" cannot grow: it is mounted read-only on ${mount?.target ?? ''}`,
      hint: 'unmount it, or remount it writable',
    });
  } else if (GROWABLE.includes(type)) draft.steps.push(growStep(path, type));
  else if (type !== '') draft.notes.push(`the ${type} on ${path} does not grow with its volume`);
}

function shrink(draft: Draft, want: Volume, lv: LogicalVolume, goal: number): void {
  const name = fullName(draft, want.name);
  const sizes = `${showSize(lv.bytes)}, expected ${showExtents(draft, goal)}`;
  if (want.resize !== 'grow_or_shrink') {
    const hint = `write the size it has, or "resize: grow_or_shrink" to cut it, or "resize: never"`;
    draft.refusals.push({ refuse: `"${name}" is larger than wished: ${sizes}`, hint, code: 'E_DESTROY' });
    return;
  }
  const block = draft.have.volumes.get(want.name);
  if (block?.is !== 'block') {
    draft.refusals.push({
      refuse: `"${name}" is inactive, so what is on it cannot be seen; it is not cut`,
      code: 'E_DESTROY',
    });
    return;
  }
  const obstacle = whyNotShrink(block.self, lv);
  if (obstacle !== undefined) {
    draft.refusals.push({ refuse: `"${name}" cannot shrink: ${obstacle}`, code: 'E_DESTROY' });
    return;
  }
  const isEmpty = block.self.probe['TYPE'] === undefined;
  if (!isEmpty) draft.steps.push(shrinkStep(`/dev/${name}`, goal * draft.extentSize));
  draft.steps.push({
    do: 'run',
    say: `cut ${name} from ${sizes.replace(', expected', ' to')}`,
    command: cmd('lvm', 'lvreduce', '-f', '-y', '-l', String(goal), name),
    // Without a file system nobody can tell what is in the part that goes.
    ...(isEmpty ? { destroys: [name] } : {}),
    explain,
  });
  if (lv.kind !== 'thin') draft.free += lv.bytes / draft.extentSize - goal;
  addDiff(draft, name, `${want.type} ${showSize(lv.bytes)}`, `${want.type} ${showSize(goal * draft.extentSize)}`);
}

function whyNotShrink(node: BlockNode, lv: LogicalVolume): string | undefined {
  const uses = usesOfNode(node);
  const type = node.probe['TYPE'];
  if (type !== undefined && !SHRINKABLE.includes(type)) return `${type} has no way to become smaller`;
  if (uses.length > 0 || lv.isOpen) return `it is in use (${uses.length === 0 ? 'open' : uses.join(', ')})`;
  return type === undefined && !isBlank(node) ? 'what is on it is not recognized' : undefined;
}
