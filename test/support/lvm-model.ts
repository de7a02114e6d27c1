/** Bytes of a mebibyte. */
export const MIB = 1024 ** 2;

/** A disk of the model. */
export interface Disk {
  readonly path: string;
  bytes: number;
  /** Types of what is on it, the label of lvm aside. */
  signatures: string[];
  /** Identity of the physical volume on it. */
  uuid?: string;
}

/** A volume of the model; extents are counted by the disks they lie on. */
export interface Lv {
  kind: 'linear' | 'thin-pool' | 'thin';
  extents: number;
  metadata: number;
  on: Map<string, number>;
  pool: string;
  active: boolean;
  skip: boolean;
  tags: string[];
  profile: string;
  monitored: boolean;
  chunk: number;
  zero: boolean;
  discards: string;
  whenFull: string;
  /** Bytes of the ext4 on it; 0 when there is none. */
  fs: number;
}

/** One host with disks and at most one volume group: as much of lvm as the `lvm` module uses, by its documented rules. */
export interface LvmModel {
  readonly disks: Disk[];
  group:
    | { name: string; extentSize: number; pvs: Map<string, number>; spare: Map<string, number>; tags: string[] }
    | undefined;
  readonly lvs: Map<string, Lv>;
  readonly profiles: Map<string, string>;
  next: number;
}

/** A host with empty disks of these sizes: /dev/vdb, /dev/vdc, … */
export function lvmModel(sizes: readonly number[]): LvmModel {
  const disks = sizes.map((bytes, index) => ({ path: `/dev/vd${'bcdefgh'[index]}`, bytes, signatures: [] }));
  return { disks, group: undefined, lvs: new Map(), profiles: new Map(), next: 1 };
}

/** Extents of the group that nothing uses. */
export function freeExtents(model: LvmModel): number {
  return [...(model.group?.pvs ?? [])].reduce((sum, [path, total]) => sum + total - used(model, path), 0);
}

/** Extents of a disk that volumes or the spare take. */
export function used(model: LvmModel, path: string): number {
  const owners = [...model.lvs.values()].map((lv) => lv.on);
  return [...owners, model.group?.spare ?? new Map()].reduce((sum, on) => sum + (on.get(path) ?? 0), 0);
}

/** Extents over all disks. */
export function countOf(on: ReadonlyMap<string, number> | undefined): number {
  return [...(on?.values() ?? [])].reduce((sum, count) => sum + count, 0);
}
