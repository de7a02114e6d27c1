import type { Answer, Answers } from '../../src/core/answer.ts';
import { countOf, MIB, used, type Disk, type LvmModel, type Lv } from './lvm-model.ts';

/** What the host would answer to the questions of the module for these devices and volumes. */
export function lvmAnswers(
  model: LvmModel,
  want: {
    readonly vg: string;
    readonly devices: readonly string[];
    readonly volumes: readonly string[];
    readonly profiles: readonly string[];
  },
): Answers {
  const { group } = model;
  const size = group?.extentSize ?? 0;
  const vgs =
    group === undefined
      ? []
      : [{ vg_name: group.name, vg_attr: 'wz--n-', vg_extent_size: `${size}`, vg_tags: group.tags.join(',') }];
  const pvs = model.disks.filter((disk) => disk.uuid !== undefined).map((disk) => pvRow(model, disk));
  const visible = [...model.lvs].map(([name, lv]) => lvRow(name, lv, size, want.vg));
  const spare = countOf(group?.spare) * size;
  const hidden =
    spare === 0
      ? []
      : [
          {
            lv_name: '[lvol0_pmspare]',
            lv_uuid: 'spare',
            vg_name: want.vg,
            lv_attr: 'ewi-------',
            lv_size: `${spare}`,
            segtype: 'linear',
          },
        ];
  const report = (rows: readonly object[], kind: string): Answer =>
    said(JSON.stringify({ report: [{ [kind]: rows }] }));
  return {
    vgs: report(vgs, 'vg'),
    pvs: report(pvs, 'pv'),
    lvs: report([...visible, ...hidden], 'lv'),
    ...(want.devices.length === 0
      ? {}
      : { devices: said(`${want.devices.map((path) => diskText(model, path)).join('')}end\n`) }),
    ...(want.volumes.length === 0
      ? {}
      : { volumes: said(`${want.volumes.map((name) => volumeText(model, name)).join('')}end\n`) }),
    ...(want.profiles.length === 0
      ? {}
      : { profiles: said(`/etc/lvm/profile\n${want.profiles.map((name) => profileText(model, name)).join('')}end\n`) }),
  };
}

function said(stdout: string): Answer {
  return { code: 0, stdout, stderr: '', bytes: new TextEncoder().encode(stdout) };
}

function pvRow(model: LvmModel, disk: Disk): object {
  const total = model.group?.pvs.get(disk.path);
  return {
    pv_name: disk.path,
    pv_uuid: disk.uuid,
    vg_name: total === undefined ? '' : model.group?.name,
    pv_attr: total === undefined ? '---' : 'a--',
    dev_size: `${disk.bytes}`,
    pe_start: `${MIB}`,
    pv_pe_count: `${total ?? 0}`,
    pv_pe_alloc_count: `${used(model, disk.path)}`,
  };
}

function lvRow(name: string, lv: Lv, size: number, group: string): object {
  const type = { linear: '-', 'thin-pool': 't', thin: 'V' }[lv.kind];
  const isPool = lv.kind === 'thin-pool';
  return {
    lv_name: name,
    lv_uuid: name,
    vg_name: group,
    lv_attr: `${type}wi-${lv.active ? 'a' : '-'}-${isPool ? 't' : '-'}${isPool && lv.zero ? 'z' : '-'}-${lv.skip ? 'k' : '-'}`,
    lv_size: `${lv.extents * size}`,
    lv_metadata_size: isPool ? `${lv.metadata * size}` : '',
    pool_lv: lv.pool,
    data_percent: isPool && lv.active ? '0.00' : '',
    metadata_percent: isPool && lv.active ? '1.00' : '',
    lv_profile: lv.profile,
    lv_tags: lv.tags.join(','),
    segtype: lv.kind,
    seg_monitor: isPool && lv.active ? (lv.monitored ? 'monitored' : 'not monitored') : '',
    chunk_size: `${lv.chunk}`,
    discards: lv.discards,
    lv_when_full: isPool ? lv.whenFull : '',
  };
}

function diskText(model: LvmModel, path: string): string {
  const disk = model.disks.find((one) => one.path === path);
  if (disk === undefined) return 'dev\nabsent\n';
  const types = [...disk.signatures, ...(disk.uuid === undefined ? [] : ['LVM2_member'])];
  const lines = types.map((type) => `sig 0x0,${type === 'LVM2_member' ? disk.uuid : 'U'},,${type}\n`).join('');
  const probe = types.length === 0 ? 'blkid 2\nlvm 0\n' : `blkid 0\nprobe TYPE=${types[0]}\n`;
  return `dev\nreal ${path}\nnode 254:${path.charCodeAt(7)}\nsectors ${disk.bytes / 512}\nro 0\nio 512 0 0\nwipefs 0\n${lines}${probe}`;
}

/** An ext4 is told by its superblock: blocks of 4 KiB, 32768 in a group. */
function volumeText(model: LvmModel, name: string): string {
  const lv = model.lvs.get(name);
  if (lv === undefined || !lv.active) return 'dev\nabsent\n';
  const bytes = lv.extents * (model.group?.extentSize ?? 0);
  const head = `dev\nreal /dev/dm-1\nnode 253:1\nsectors ${bytes / 512}\nro 0\nio 512 0 0\nwipefs 0\n`;
  if (lv.fs === 0) return `${head}blkid 2\n`;
  return `${head}sig 0x438,U,,ext4\nblkid 0\nprobe TYPE=ext4\nsuper ${superblock(lv.fs)}\n`;
}

function superblock(bytes: number): string {
  const block = Buffer.alloc(344);
  block.writeUInt32LE(bytes / 4096, 0x04);
  block.writeUInt32LE(2, 0x18);
  block.writeUInt32LE(32_768, 0x20);
  block.writeUInt32LE(64, 0x28);
  block.writeUInt16LE(0xef53, 0x38);
  block.writeUInt16LE(256, 0x58);
  return block.toString('hex');
}

function profileText(model: LvmModel, name: string): string {
  const text = model.profiles.get(`/etc/lvm/profile/${name}.profile`) ?? '';
  return `profile ${name}\n${text
    .split('\n')
    .slice(0, -1)
    .map((line) => `text ${line}\n`)
    .join('')}`;
}
