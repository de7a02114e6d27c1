import { cmd } from '../../core/command.ts';
import { showSize } from '../../core/units.ts';
import { usesOfNode } from '../block-use.ts';
import { addDiff, fullName, type Draft } from './draft.ts';
import { explain } from './explain.ts';
import type { LogicalVolume } from './state.ts';
import type { Volume } from './volume-schema.ts';

/** Plans the end of the group: its volumes, the group itself, and the labels of its disks. */
export function removeGroup(draft: Draft): void {
  const { want, have } = draft;
  if (have.group === undefined) return;
  const members = have.pvs.filter((pv) => pv.group === want.vg && !pv.isDuplicate);
  const missing = members.filter((pv) => pv.isMissing);
  if (missing.length > 0) {
    const hint = `first a task with "missing_pvs: remove"`;
    draft.refusals.push({ refuse: `the volume group "${want.vg}" misses a disk`, hint });
    return;
  }
  const volumes = [...draft.volumes.values()].filter((lv) => !isHidden(lv));
  for (const lv of volumes) refuseInUse(draft, lv);
  const names = volumes.map(({ name }) => fullName(draft, name));
  const { steps } = draft;
  if (names.length > 0) {
    steps.push({
      do: 'run',
      say: `remove all volumes of ${want.vg}: ${names.join(', ')}`,
      command: cmd('lvm', 'lvremove', '-y', want.vg),
      destroys: names,
      explain,
    });
  }
  steps.push({
    do: 'run',
    say: `remove the volume group ${want.vg}`,
    command: cmd('lvm', 'vgremove', want.vg),
    explain,
  });
  const devices = members.map(({ name }) => name);
  steps.push({
    do: 'run',
    say: `remove the labels of lvm from ${devices.join(', ')}`,
    command: cmd('lvm', 'pvremove', ...devices),
    explain,
  });
  addDiff(draft, `volume group ${want.vg}`, [...devices, ...names].join('\n'), '');
}

/** Plans the end of one volume. A pool takes its thin volumes along, an origin its old-style snapshots. */
export function removeVolume(draft: Draft, { name, type }: Volume): void {
  const lv = draft.volumes.get(name);
  if (lv === undefined) return;
  if (type === 'thin-pool' && lv.kind !== 'thin-pool') {
    draft.refusals.push({ refuse: `"${fullName(draft, name)}" is no thin pool but ${lv.segtype}; it is not removed` });
    return;
  }
  const gone = [lv, ...dependants(draft, lv)];
  for (const one of gone) refuseInUse(draft, one);
  const names = gone.map((one) => fullName(draft, one.name));
  draft.steps.push({
    do: 'run',
    say: `remove ${names.join(', ')}`,
    command: cmd('lvm', 'lvremove', '-y', fullName(draft, name)),
    destroys: names,
    explain,
  });
  addDiff(draft, fullName(draft, name), `${lv.segtype} ${showSize(lv.bytes)}`, '');
  for (const one of gone) forget(draft, one);
}

function dependants(draft: Draft, lv: LogicalVolume): readonly LogicalVolume[] {
  const all = [...draft.volumes.values()];
  if (lv.kind === 'thin-pool') return all.filter((one) => one.pool === lv.name);
  return lv.kind === 'thin' ? [] : all.filter((one) => one.origin === lv.name);
}

function refuseInUse(draft: Draft, lv: LogicalVolume): void {
  const block = draft.have.volumes.get(lv.name);
  const uses = block?.is === 'block' ? usesOfNode(block.self) : [];
  // A pool is open because its thin volumes are; each of them is looked at by itself.
  if (uses.length === 0 && (!lv.isOpen || lv.kind === 'thin-pool')) return;
  const how = uses.length === 0 ? 'open' : uses.join(', ');
  draft.refusals.push({
    refuse: `"${fullName(draft, lv.name)}" is not removed: it is in use (${how})`,
    hint: 'unmount it first, with the mount module',
    code: 'E_DESTROY',
  });
}

/** The extents of a removed volume are free again; the spare goes with the last pool. */
function forget(draft: Draft, lv: LogicalVolume): void {
  draft.volumes.delete(lv.name);
  if (lv.kind === 'thin') return;
  const hidden = lv.kind === 'thin-pool' ? lv.metadataBytes : 0;
  draft.free += (lv.bytes + hidden) / draft.extentSize;
  if (lv.kind !== 'thin-pool' || [...draft.volumes.values()].some((one) => one.kind === 'thin-pool')) return;
  draft.free += draft.spare;
  draft.spare = 0;
}

function isHidden({ name }: LogicalVolume): boolean {
  return /_(?:tdata|tmeta|pmspare)$/.test(name);
}
