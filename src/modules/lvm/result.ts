import type { Json, JsonObject } from '../../core/json.ts';
import type { Have } from './read.ts';
import type { Params } from './schema.ts';
import type { LogicalVolume } from './state.ts';

/** What `register` holds: the group with its members and volumes, for `when` and for reports. */
export function result(want: Params, have: Have): Readonly<Record<string, Json>> {
  const { group } = have;
  const members = have.pvs.filter((pv) => pv.group === want.vg && !pv.isDuplicate);
  const extentSize = group?.extentSize ?? 0;
  const free = members.reduce((sum, pv) => sum + (pv.isMissing ? 0 : pv.extents - pv.allocated), 0);
  return {
    exists: group !== undefined,
    size: members.reduce((sum, pv) => sum + pv.extents, 0) * extentSize,
    free: free * extentSize,
    extent_size: extentSize,
    tags: [...(group?.tags ?? [])],
    pvs: members.map((pv) => ({
      name: pv.name,
      uuid: pv.uuid,
      size: pv.extents * extentSize,
      free: (pv.extents - pv.allocated) * extentSize,
      missing: pv.isMissing,
    })),
    lvs: have.lvs.filter(({ name }) => !/_(?:tdata|tmeta|pmspare)$/.test(name)).map(volume),
  };
}

function volume(lv: LogicalVolume): JsonObject {
  return {
    name: lv.name,
    type: lv.segtype,
    size: lv.bytes,
    active: lv.isActive,
    open: lv.isOpen,
    pool: lv.pool,
    origin: lv.origin,
    tags: [...lv.tags],
    partial: lv.isPartial,
    health: lv.health,
    data_percent: lv.dataPercent ?? null,
    metadata_percent: lv.metadataPercent ?? null,
    metadata_size: lv.metadataBytes,
    monitored: lv.monitor === 'monitored',
    profile: lv.profile,
  };
}
