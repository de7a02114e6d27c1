import { cmd } from '../../core/command.ts';
import { addDiff, fullName, type Draft, type Refusal } from './draft.ts';
import { explain } from './explain.ts';
import type { LogicalVolume, PhysicalVolume } from './state.ts';

/** Plans what is to be done about members whose disk is gone. Without permission the group is left alone. */
export function repair(draft: Draft): void {
  const { want, have } = draft;
  const missing = have.pvs.filter((pv) => pv.group === want.vg && pv.isMissing);
  if (missing.length === 0) return;
  const returned = missing.filter((pv) => pv.name.startsWith('/'));
  if (want.missing_pvs === 'restore') restore(draft, missing, returned);
  else if (want.missing_pvs === 'remove') remove(draft, missing);
  else {
    const lost = lostVolumes(draft).map(({ name }) => fullName(draft, name));
    const hint =
      returned.length > 0
        ? `${returned.map((pv) => pv.name).join(', ')} is back: write "missing_pvs: restore"`
        : 'bring the disk back; or, when it is gone for good, write "missing_pvs: remove"';
    draft.refusals.push({
      refuse: `the volume group "${want.vg}" misses ${uuids(missing)}; ${affected(lost)}`,
      hint,
      code: 'E_DESTROY',
    });
  }
}

function uuids(missing: readonly PhysicalVolume[]): string {
  return `the physical volume${missing.length === 1 ? '' : 's'} ${missing.map((pv) => pv.uuid).join(', ')}`;
}

function affected(lost: readonly string[]): string {
  return lost.length === 0 ? 'no volume lies on it' : `affected: ${lost.join(', ')}`;
}

function restore(draft: Draft, missing: readonly PhysicalVolume[], returned: readonly PhysicalVolume[]): void {
  const { vg } = draft.want;
  if (returned.length < missing.length) {
    const gone = missing.filter((pv) => !returned.includes(pv));
    const hint = 'attach the disk, or write "missing_pvs: remove" when it is gone for good';
    draft.refusals.push({ refuse: `cannot be restored, because its disk is not there: ${uuids(gone)}`, hint });
    return;
  }
  const names = returned.map((pv) => pv.name);
  draft.steps.push({
    do: 'run',
    say: `take ${names.join(', ')} back into the volume group ${vg}`,
    command: cmd('lvm', 'vgextend', '--restoremissing', vg, ...names),
    explain,
  });
  draft.free += returned.reduce((sum, pv) => sum + (pv.isAllocatable ? pv.extents - pv.allocated : 0), 0);
  for (const lv of draft.volumes.values()) draft.volumes.set(lv.name, { ...lv, isPartial: false });
}

/** The test run decides whether anything is lost; lvm's own list of partial volumes says what. */
function remove(draft: Draft, missing: readonly PhysicalVolume[]): void {
  const { want, have } = draft;
  const isLossless = have.repair?.plain === 0;
  const lost = isLossless ? [] : lostVolumes(draft);
  const refusal = attached(draft, missing) ?? (isLossless ? undefined : whyNotForce(draft, lost));
  if (refusal !== undefined) {
    draft.refusals.push(refusal);
    return;
  }
  const names = lost.map(({ name }) => fullName(draft, name));
  const also = names.length === 0 ? '' : ` and remove ${names.join(', ')}`;
  draft.steps.push({
    do: 'run',
    say: `take ${uuids(missing)} out of the volume group ${want.vg}${also}`,
    command: cmd('lvm', 'vgreduce', '--removemissing', ...(isLossless ? [] : ['--force', '-y']), want.vg),
    ...(names.length === 0 ? {} : { destroys: names }),
    explain,
  });
  addDiff(draft, `volume group ${want.vg}`, missing.map((pv) => `missing ${pv.uuid}`).join('\n'), '');
  draft.total -= missing.reduce((sum, pv) => sum + pv.extents, 0);
  drop(draft, lost);
}

/** A member whose disk is attached is not gone: only lvm does not see it. */
function attached({ have }: Draft, missing: readonly PhysicalVolume[]): Refusal | undefined {
  const found = missing.flatMap(({ uuid }) => {
    const device = have.repair?.labels.get(uuid);
    return device === undefined ? [] : [`${uuid} on ${device}`];
  });
  if (found.length === 0) return undefined;
  return {
    refuse: `lvm counts members as missing whose disks are attached: ${found.join(', ')}`,
    hint: 'name the disk in "pvs" to see why lvm does not use it, or write "missing_pvs: restore" when it has come back',
    code: 'E_DESTROY',
  };
}

/** Something would be lost: only where lvm can do it, and where nothing better is at hand. */
function whyNotForce({ want, have }: Draft, lost: readonly LogicalVolume[]): Refusal | undefined {
  const { plain = -1, force = -1 } = have.repair ?? {};
  if (force !== 0 || lost.length === 0) {
    const hint = `run it by hand on the host: vgreduce --test --removemissing ${want.vg}`;
    return { refuse: `the test run of "vgreduce --removemissing" fails (exit ${plain}, with --force ${force})`, hint };
  }
  const odd = lost.filter(({ kind }) => kind === 'other').map(({ name, segtype }) => `${want.vg}/${name} (${segtype})`);
  if (odd.length === 0) return undefined;
  return { refuse: `partial volumes that may be repaired: ${odd.join(', ')}`, hint: 'try "lvconvert --repair" first' };
}

/** Volumes with a part on a missing disk, and what lives in them: a pool takes its thin volumes along. */
function lostVolumes({ have }: Draft): readonly LogicalVolume[] {
  const partial = new Set(have.lvs.filter((lv) => lv.isPartial).map((lv) => lv.name));
  const isLost = (lv: LogicalVolume): boolean =>
    partial.has(lv.name) ||
    partial.has(`${lv.name}_tdata`) ||
    partial.has(`${lv.name}_tmeta`) ||
    (lv.kind === 'thin' &&
      (partial.has(`${lv.pool}_tdata`) || partial.has(`${lv.pool}_tmeta`) || partial.has(lv.pool)));
  return have.lvs.filter((lv) => !isHidden(lv) && isLost(lv));
}

function isHidden({ name }: LogicalVolume): boolean {
  return /_(?:tdata|tmeta|pmspare)$/.test(name);
}

/** What the lost volumes had on disks that are still there is free afterwards. */
function drop(draft: Draft, lost: readonly LogicalVolume[]): void {
  const { have } = draft;
  const names = new Set(lost.flatMap(({ name }) => [name, `${name}_tdata`, `${name}_tmeta`]));
  const gone = have.lvs.filter((lv) => names.has(lv.name) || (isSpare(lv) && lv.isPartial));
  for (const lv of gone) {
    draft.volumes.delete(lv.name);
    for (const { extents, devices } of lv.segments) if (devices.startsWith('/')) draft.free += extents;
    if (isSpare(lv)) draft.spare = 0;
  }
}

function isSpare({ name }: LogicalVolume): boolean {
  return name.endsWith('_pmspare');
}
