import { cmd, script } from '../../core/command.ts';
import { lvmLabelOf } from '../block-use.ts';
import { addDiff, showExtents, type Draft } from './draft.ts';
import { explain } from './explain.ts';
import { physicalOn } from './member.ts';
import type { PhysicalVolume } from './state.ts';

// A move that was interrupted goes on first; it may have been the very same.
const MOVE = `from=$1
shift
lvm pvmove </dev/null || exit
n=$(lvm pvs --noheadings -o pv_pe_alloc_count "$from") || exit
[ $n -eq 0 ] || exec lvm pvmove "$from" "$@" </dev/null`;

/**
 * Plans the way out of the group for the devices of `remove_pvs`: their extents move to the members that stay, `added` among them,
 * then they leave.
 */
export function removeMembers(draft: Draft, added: readonly string[]): void {
  const leaving = new Map<string, PhysicalVolume>();
  for (const path of draft.want.remove_pvs ?? []) {
    const block = draft.have.devices.get(path);
    if (block?.is !== 'block') continue;
    const pv = physicalOn(block.self, draft.have);
    if (pv?.group === draft.want.vg) leaving.set(path, pv);
    else if (pv?.group === '') unlabel(draft, path);
    else if (pv !== undefined) {
      draft.notes.push(`${path} is a member of "${pv.group}", not of "${draft.want.vg}": left alone`);
    } else if (lvmLabelOf(block.self) !== undefined) {
      draft.notes.push(`${path} carries a label of lvm that lvm does not show: left alone`);
    }
  }
  if (leaving.size === 0 || !canLeave(draft, leaving)) return;
  const gone = [...leaving.values()].map(({ uuid }) => uuid);
  const staying = draft.have.pvs.filter(
    (pv) => pv.group === draft.want.vg && pv.isAllocatable && !gone.includes(pv.uuid),
  );
  const targets = [...staying.map(({ name }) => name), ...added];
  for (const [path, pv] of leaving) leave(draft, path, pv, targets);
}

/** Counts what the group has without them; false, with a refusal, where the others cannot take what is on them. */
function canLeave(draft: Draft, leaving: ReadonlyMap<string, PhysicalVolume>): boolean {
  const pvs = [...leaving.values()];
  const sum = (count: (pv: PhysicalVolume) => number): number => pvs.reduce((total, pv) => total + count(pv), 0);
  const allocated = sum((pv) => pv.allocated);
  draft.total -= sum((pv) => pv.extents);
  draft.free -= sum((pv) => (pv.isAllocatable ? pv.extents - pv.allocated : 0)) + allocated;
  const names = [...leaving.keys()].map((path) => `"${path}"`).join(', ');
  if (draft.total < 1) {
    const refuse = `no member would be left in the volume group "${draft.want.vg}" without ${names}`;
    draft.refusals.push({ refuse, hint: 'write "state: absent"' });
    return false;
  }
  if (draft.free >= 0) return true;
  const free = showExtents(draft, draft.free + allocated);
  draft.refusals.push({
    refuse: `${showExtents(draft, allocated)} of ${names} would have to move, and the other members have ${free} free`,
    hint: 'add a disk to "pvs" first, or remove volumes',
    code: 'E_SPACE',
  });
  return false;
}

function leave(draft: Draft, path: string, pv: PhysicalVolume, targets: readonly string[]): void {
  const { vg } = draft.want;
  if (pv.allocated > 0) {
    draft.steps.push({
      do: 'transaction',
      say: `move ${showExtents(draft, pv.allocated)} from ${path} to ${targets.join(', ')}`,
      command: script(MOVE, pv.name, ...targets),
      explain,
    });
  }
  draft.steps.push({
    do: 'run',
    say: `take ${path} out of the volume group ${vg}`,
    command: cmd('lvm', 'vgreduce', vg, pv.name),
    explain,
  });
  unlabel(draft, path);
  addDiff(draft, `volume group ${vg}`, `${path} ${showExtents(draft, pv.extents)}`, '');
}

/** The label of an empty physical volume goes too: the disk is free then. */
function unlabel(draft: Draft, path: string): void {
  draft.steps.push({
    do: 'run',
    say: `remove the label of lvm from ${path}`,
    command: cmd('lvm', 'pvremove', path),
    explain,
  });
}
