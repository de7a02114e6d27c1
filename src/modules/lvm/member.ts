import type { Block, BlockNode } from '../block-state.ts';
import { contentsOf, lvmLabelOf, usesOf } from '../block-use.ts';
import type { Refusal } from './draft.ts';
import type { Have } from './read.ts';
import type { Params } from './schema.ts';
import type { PhysicalVolume } from './state.ts';

type Device = Extract<Block, { is: 'block' }>;

/** What a device of the wish is to the group. */
export type Member =
  | { readonly is: 'ours'; readonly pv: PhysicalVolume }
  | {
      readonly is: 'new';
      readonly path: string;
      readonly device: Device;
      /** A physical volume without a group: it keeps its label. */
      readonly orphan: PhysicalVolume | undefined;
      /** Something is on it that has to go first. */
      readonly isFilled: boolean;
      /** Its partitions that leave the group in the same task; the disk can only be added after that. */
      readonly leaving: readonly string[];
    }
  /** Under check: an earlier task may still make it. */
  | { readonly is: 'later'; readonly path: string }
  | ({ readonly is: 'refused' } & Refusal);

/** Decides what a device of `pvs` is. Only `ours` and an unused, empty disk pass without `allow_destroy`. */
export function memberOf(path: string, want: Params, have: Have, isCheck: boolean): Member {
  const block = have.devices.get(path) ?? { is: 'absent' };
  if (block.is === 'absent' && isCheck) return { is: 'later', path };
  if (block.is !== 'block') {
    const what = block.is === 'absent' ? 'is not there' : 'is no block device';
    return refused(`"${path}" ${what}`, '"lsblk -o PATH,SIZE,SERIAL" on the host lists what there is');
  }
  const pv = physicalOn(block.self, have);
  if (pv?.group === want.vg) return unseen(path, block, pv) ?? { is: 'ours', pv };
  return (
    taken(path, pv) ??
    unusable(path, block) ??
    hidden(path, block, pv) ??
    inUse(path, block, want, have) ??
    unwanted(path, block) ??
    fresh(path, block, pv, want, have)
  );
}

/** A member of another group, or of one that lvm does not find. */
function taken(path: string, pv: PhysicalVolume | undefined): Member | undefined {
  if (pv === undefined || pv.group === '') return undefined;
  if (pv.group.startsWith('[')) {
    const hint = 'only when its group is certainly gone: pvremove -ff -y';
    return refused(`"${path}" is marked as a member of a group that lvm does not find`, hint);
  }
  return refused(`"${path}" belongs to the volume group "${pv.group}"`, 'take it out there first, with remove_pvs');
}

/** A member that is attached but counts as missing: lvm does not look at its disk. */
function unseen(path: string, { self }: Device, pv: PhysicalVolume): Member | undefined {
  if (!pv.isMissing || pv.name.startsWith('/')) return undefined;
  const [, said] = lvmView(self);
  return refused(
    `"${path}" is a member of "${pv.group}" that lvm counts as missing${said === '' ? '' : `: ${said}`}`,
    whyHidden(path, self) ?? '"pvs -a -v" on the host says more',
  );
}

/** The physical volume that lies on a device, found by its label and not by a name. */
export function physicalOn(node: BlockNode, have: Have): PhysicalVolume | undefined {
  const label = lvmLabelOf(node);
  const found = have.pvs.filter(({ uuid }) => uuid === label);
  return found.find((pv) => !pv.isDuplicate) ?? found[0];
}

function refused(refuse: string, hint: string): Member {
  return { is: 'refused', refuse, hint, code: 'E_DESTROY' };
}

function unusable(path: string, { self }: Device): Member | undefined {
  if (!self.isReadable) return refused(`"${path}" cannot be read`, 'lvm needs root: add "become: true" to the task');
  if (self.isReadOnly) return refused(`"${path}" is read-only`, 'choose another disk');
  if (self.dm.uuid.startsWith('LVM-')) {
    return refused(`"${path}" is itself a logical volume`, 'choose a disk or a partition');
  }
  return undefined;
}

function inUse(path: string, device: Device, want: Params, have: Have): Member | undefined {
  const unseen = device.parts.find((part) => lvmLabelOf(part) !== undefined && physicalOn(part, have) === undefined);
  if (unseen !== undefined) {
    const hint = 'it may belong to another host; look with "pvs --foreign" and "pvck" on the host';
    return refused(`"${path}" has the partition ${unseen.real} with a label of lvm that lvm does not show`, hint);
  }
  const members = device.parts.flatMap((part) => {
    const pv = physicalOn(part, have);
    return pv === undefined || pv.group === '' || isLeaving(part, want, have) ? [] : [{ part, pv }];
  });
  const [first] = members;
  if (first !== undefined) {
    const { part, pv } = first;
    const hint =
      pv.group === want.vg
        ? `to use the whole disk instead, add: remove_pvs: [${part.real}]`
        : `take it out of "${pv.group}" first`;
    return refused(`"${path}" has the partition ${part.real}, a member of the volume group "${pv.group}"`, hint);
  }
  const others = { ...device, parts: device.parts.filter((part) => !isLeaving(part, want, have)) };
  const uses = usesOf(others);
  if (uses.length === 0) return undefined;
  return refused(`"${path}" is in use: ${uses.join(', ')}`, 'a device in use is never taken; free it first');
}

/** True for a partition of the group that the same task takes out of it. */
function isLeaving(part: BlockNode, want: Params, have: Have): boolean {
  const pv = physicalOn(part, have);
  return (
    pv?.group === want.vg &&
    (want.remove_pvs ?? []).some((path) => {
      const block = have.devices.get(path);
      return block?.is === 'block' && block.self.node === part.node;
    })
  );
}

/** A label that lvm does not show: filters, the devices file, another host. */
function hidden(path: string, { self }: Device, pv: PhysicalVolume | undefined): Member | undefined {
  if (lvmLabelOf(self) === undefined || pv !== undefined) return undefined;
  const [, said] = lvmView(self);
  return refused(
    `"${path}" carries a label of lvm that lvm on this host does not show${said === '' ? '' : `: ${said}`}`,
    whyHidden(path, self) ??
      'it may belong to another host (pvs --foreign) or be left over from a group that went on without it; only when that is certain: pvremove -ff -y',
  );
}

/** An empty device that lvm does not take. */
function unwanted(path: string, { self }: Device): Member | undefined {
  const [code, said] = lvmView(self);
  if (self.signatures.length > 0 || code === 0) return undefined;
  const hint = whyHidden(path, self) ?? '"pvcreate --test -v" on the host says more';
  return refused(`"${path}" is empty, but lvm does not take it: ${said}`, hint);
}

/** Exit code and words of lvm about a device. */
function lvmView(node: BlockNode): [code: number, said: string] {
  const [, code, said = ''] = /^lvm (\d+) ?(.*)$/.exec(node.more.find((line) => line.startsWith('lvm ')) ?? '') ?? [];
  return [Number(code ?? 0), said.trim()];
}

function whyHidden(path: string, node: BlockNode): string | undefined {
  const config = node.more.filter((line) => line.startsWith('config ')).map((line) => line.slice('config '.length));
  const filters = config.filter((line) => /filter=.*["']r/.test(line));
  if (filters.length > 0) return `a filter in /etc/lvm/lvm.conf may leave it out: ${filters.join(' ')}`;
  if (!config.includes('use_devicesfile=1')) return undefined;
  return `the devices file /etc/lvm/devices/system.devices may leave it out: "lvm lvmdevices --adddev ${path}" or "lvm vgimportdevices GROUP" on the host adds it`;
}

function fresh(path: string, device: Device, orphan: PhysicalVolume | undefined, want: Params, have: Have): Member {
  const leaving = device.parts.filter((part) => isLeaving(part, want, have)).map(({ real }) => real);
  return {
    is: 'new',
    path,
    device,
    orphan,
    isFilled: orphan === undefined && contentsOf(device).length > 0,
    leaving,
  };
}
