import { cmd, script } from '../../core/command.ts';
import { lvmLabelOf } from '../block-use.ts';
import { addDiff, showExtents, type Draft } from './draft.ts';
import { explain } from './explain.ts';
import { physicalOn } from './member.ts';
import type { PhysicalVolume } from './state.ts';

// A move that was interrupted goes on first; it may have been the very same.
const MOVE = `lvm pvmove </dev/null || exit
n=$(lvm pvs --noheadings -o pv_pe_alloc_count "$1") || exit
[ $n -eq 0 ] || exec lvm pvmove "$1" </dev/null`;

/** Plans the way out of the group for the devices of `remove_pvs`: their extents move to the others, then they leave. */
export function removeMembers(draft: Draft): void {
  for (const path of draft.want.remove_pvs ?? []) {
    const block = draft.have.devices.get(path);
    if (block?.is !== 'block') continue;
    const pv = physicalOn(block.self, draft.have);
    if (pv?.group === draft.want.vg) leave(draft, path, pv);
    else if (pv?.group === '') unlabel(draft, path);
    else if (pv !== undefined) {
      draft.notes.push(`${path} is a member of "${pv.group}", not of "${draft.want.vg}": left alone`);
    } else if (lvmLabelOf(block.self) !== undefined) {
      draft.notes.push(`${path} carries a label of lvm that lvm does not show: left alone`);
    }
  }
}

function leave(draft: Draft, path: string, pv: PhysicalVolume): void {
  const { vg } = draft.want;
  const own = pv.isAllocatable ? pv.extents - pv.allocated : 0;
  draft.total -= pv.extents;
  draft.free -= own + pv.allocated;
  if (draft.total < 1) {
    draft.refusals.push({
      refuse: `"${path}" is the last member of the volume group "${vg}"`,
      hint: 'write "state: absent"',
    });
    return;
  }
  if (draft.free < 0) {
    const free = showExtents(draft, draft.free + pv.allocated);
    draft.refusals.push({
      refuse: `${showExtents(draft, pv.allocated)} of "${path}" would have to move, and the other members have ${free} free`,
      hint: 'add a disk to "pvs" first, or remove volumes',
      code: 'E_SPACE',
    });
    return;
  }
  if (pv.allocated > 0) {
    draft.steps.push({
      do: 'transaction',
      say: `move ${showExtents(draft, pv.allocated)} from ${path} to the other members of ${vg}`,
      command: script(MOVE, pv.name),
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
