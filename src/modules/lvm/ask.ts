import type { Questions } from '../../core/answer.ts';
import { script, withOptions, type Command } from '../../core/command.ts';
import { askBlocks } from '../block-script.ts';
import { askReport } from '../lvm-report.ts';
import type { Params } from './schema.ts';

/** Columns that every lvm since 2.02.105 (RHEL 7) has. */
const VG_COLUMNS = ['vg_name', 'vg_uuid', 'vg_attr', 'vg_extent_size', 'vg_extent_count', 'vg_free_count', 'vg_tags'];
const PV_COLUMNS = [
  'pv_name',
  'pv_uuid',
  'vg_name',
  'pv_attr',
  'dev_size',
  'pe_start',
  'pv_pe_count',
  'pv_pe_alloc_count',
];
const LV_COLUMNS = [
  'lv_name',
  'lv_uuid',
  'vg_name',
  'lv_attr',
  'lv_size',
  'lv_metadata_size',
  'pool_lv',
  'origin',
  'data_percent',
  'metadata_percent',
  'lv_profile',
  'lv_tags',
  'segtype',
  'seg_size_pe',
  'seg_monitor',
  'chunk_size',
  'discards',
  'devices',
];

// What lvm itself thinks of a device that carries nothing, or a label of lvm: filters and the devices file can hide both.
const LVM_VIEW = `case $sigs in
  '') e=$(lvm pvcreate --test "$1" 2>&1 </dev/null) ;;
  *LVM2_member*) e=$(lvm pvs --noheadings -o vg_name "$1" 2>&1 </dev/null) ;;
  *) return ;;
esac
c=$?
printf 'lvm %s %s\\n' $c "$(printf '%s' "$e" | grep -Ev 'TEST MODE|WARNING:' | tr -s ' \\n' '  ' | cut -c1-300)"
[ $c -eq 0 ] || { lvm lvmconfig --type full 2>/dev/null || lvm dumpconfig --type full 2>/dev/null; } |
  grep -E '^[[:space:]]*(filter|global_filter|use_devicesfile)=' | sed 's/^[[:space:]]*/config /'`;

// Both are asked with --test: nothing is written. Their exit codes are all that counts. A disk that is attached after all carries the
// label that lvm misses, whatever filters say.
const MISSING_TEST = `lvm vgreduce --test --removemissing "$1" >/dev/null 2>&1 </dev/null
a=$?
lvm vgreduce --test --removemissing --force "$1" >/dev/null 2>&1 </dev/null
echo "$a $?"
for s in /sys/class/block/*; do
  [ "$(cat "$s/size")" != 0 ] || continue
  d=/dev/$(printf '%s' "\${s##*/}" | tr '!' /)
  u=$(wipefs -p -- "$d" 2>/dev/null | sed -n 's/^0x[^,]*,\\([^,]*\\),.*,LVM2_member$/\\1/p')
  [ -z "$u" ] || printf 'label %s %s\\n' "$u" "$d"
done
echo end`;

const PROFILES = `c=$(lvm lvmconfig --type full config/profile_dir 2>/dev/null || lvm dumpconfig --type full config/profile_dir 2>/dev/null)
d=\${c#*\\"}
d=\${d%\\"*}
d=\${d:-/etc/lvm/profile}
printf '%s\\n' "$d"
for p do
  echo "profile $p"
  [ ! -f "$d/$p.profile" ] || while IFS= read -r l || [ -n "$l" ]; do printf 'text %s\\n' "$l"; done <"$d/$p.profile"
done
echo end`;

/** What the module asks: three reports of lvm, the devices and volumes it is to touch, and what a repair would do. */
export function ask(want: Params): Questions {
  const ofGroup = ['-S', `vg_name=${want.vg}`];
  const devices = deviceNames(want);
  const volumes = volumeNames(want);
  const profiles = profileNames(want);
  return {
    vgs: askReport({ verb: 'vgs', columns: VG_COLUMNS, options: ofGroup }),
    pvs: askReport({ verb: 'pvs', columns: PV_COLUMNS }),
    lvs: askReport({ verb: 'lvs', columns: LV_COLUMNS, recent: ['lv_when_full'], options: ['-a', ...ofGroup] }),
    ...(devices.length === 0 ? {} : { devices: askBlocks(devices, LVM_VIEW) }),
    ...(volumes.length === 0 ? {} : { volumes: askBlocks(volumes.map((name) => `/dev/${want.vg}/${name}`)) }),
    ...(want.missing_pvs === 'remove' ? { missing: slow(script(MISSING_TEST, want.vg)) } : {}),
    ...(profiles.length === 0 ? {} : { profiles: script(PROFILES, ...profiles) }),
  };
}

/** The devices of the wish, in the order in which they are asked about. */
export function deviceNames(want: Params): readonly string[] {
  return [...(want.pvs ?? []), ...(want.remove_pvs ?? [])];
}

/** The volumes whose devices are looked at: file systems to grow, and mounts that stand in the way. */
export function volumeNames({ lvs }: Params): readonly string[] {
  return lvs.filter(({ type }) => type !== 'thin-pool').map(({ name }) => name);
}

/** The profiles of the pools that extend themselves. */
export function profileNames({ vg, lvs }: Params): readonly string[] {
  return lvs.filter((one) => typeof one.autoextend === 'object').map(({ name }) => profileName(vg, name));
}

/** The profile of a pool, under the name that container-storage-setup gives it too. */
export function profileName(group: string, pool: string): string {
  return `${group}--${pool}-extend`;
}

function slow(command: Command): Command {
  return withOptions(command, { timeoutMs: 60_000 });
}
