import { fault } from '../../core/problem.ts';
import type { Row } from '../lvm-report.ts';

/** A volume group. */
export interface Group {
  readonly name: string;
  readonly uuid: string;
  /** Bytes of an extent. */
  readonly extentSize: number;
  readonly extents: number;
  readonly tags: readonly string[];
  readonly isExported: boolean;
  /** Some of its disks are gone. */
  readonly isPartial: boolean;
  /** Its locks are shared with other hosts. */
  readonly isShared: boolean;
  readonly isReadOnly: boolean;
}

/** A physical volume of any group, or of none. */
export interface PhysicalVolume {
  /** `/dev/vdb`; `[unknown]` when its disk is gone. */
  readonly name: string;
  readonly uuid: string;
  /** Empty when it belongs to no group. */
  readonly group: string;
  readonly isMissing: boolean;
  /** New extents may be taken from it. */
  readonly isAllocatable: boolean;
  /** The same volume was found on another disk too, and this one is not used. */
  readonly isDuplicate: boolean;
  readonly deviceBytes: number;
  /** Bytes before its first extent. */
  readonly start: number;
  readonly extents: number;
  readonly allocated: number;
}

/** A part of a volume: its extents on one device. */
export interface Segment {
  readonly extents: number;
  /** `/dev/vdb(0)`, `pool_tdata(0)`, `[unknown](0)`. */
  readonly devices: string;
}

/** A logical volume. */
export interface LogicalVolume {
  /** Without brackets. */
  readonly name: string;
  readonly uuid: string;
  readonly kind: 'linear' | 'thin-pool' | 'thin' | 'other';
  /** What LVM calls its first segment: linear, thin-pool, raid1. */
  readonly segtype: string;
  readonly bytes: number;
  readonly metadataBytes: number;
  readonly pool: string;
  readonly origin: string;
  readonly isActive: boolean;
  readonly isOpen: boolean;
  /** Stays inactive when groups are activated. */
  readonly isSkipped: boolean;
  readonly isPartial: boolean;
  /** The letter of its health: empty, D out of data, M metadata read-only, F failed; c when its metadata needs a check. */
  readonly health: string;
  /** Percent in use; undefined when inactive. */
  readonly dataPercent: number | undefined;
  readonly metadataPercent: number | undefined;
  readonly profile: string;
  readonly tags: readonly string[];
  /** `monitored`, `not monitored`, or empty where there is nothing to watch. */
  readonly monitor: string;
  /** Bytes of a chunk of a pool. */
  readonly chunk: number;
  readonly isZeroing: boolean;
  readonly discards: string;
  /** `queue`, `error`, or undefined where lvm is too old to tell. */
  readonly whenFull: string | undefined;
  readonly segments: readonly Segment[];
}

/** A group from a row of `vgs`. */
export function groupOf(row: Row): Group {
  const attributes = text(row, 'vg_attr');
  return {
    name: text(row, 'vg_name'),
    uuid: text(row, 'vg_uuid'),
    extentSize: number(row, 'vg_extent_size'),
    extents: number(row, 'vg_extent_count'),
    tags: list(row, 'vg_tags'),
    isExported: attributes[2] === 'x',
    isPartial: attributes[3] === 'p',
    isShared: attributes[5] === 's' || attributes[5] === 'c',
    isReadOnly: attributes[0] === 'r',
  };
}

/** A physical volume from a row of `pvs`. */
export function physicalOf(row: Row): PhysicalVolume {
  const attributes = text(row, 'pv_attr');
  return {
    name: text(row, 'pv_name'),
    uuid: text(row, 'pv_uuid'),
    group: text(row, 'vg_name'),
    isMissing: attributes[2] === 'm',
    isAllocatable: attributes[0] === 'a',
    isDuplicate: attributes[0] === 'd',
    deviceBytes: number(row, 'dev_size'),
    start: number(row, 'pe_start'),
    extents: number(row, 'pv_pe_count'),
    allocated: number(row, 'pv_pe_alloc_count'),
  };
}

/** Volumes from the rows of `lvs`, which has one row for each segment. */
export function logicalsOf(rows: readonly Row[]): readonly LogicalVolume[] {
  const byUuid = new Map<string, Row[]>();
  for (const row of rows) {
    const key = text(row, 'lv_uuid') || text(row, 'lv_name');
    byUuid.set(key, [...(byUuid.get(key) ?? []), row]);
  }
  return [...byUuid.values()].map(logicalOf);
}

function logicalOf(rows: readonly Row[]): LogicalVolume {
  const [row = {}] = rows;
  const attributes = text(row, 'lv_attr');
  const state = attributes[4] ?? '';
  const health = attributes[8] ?? '';
  return {
    name: bare(text(row, 'lv_name')),
    uuid: text(row, 'lv_uuid'),
    kind: kindOf(rows),
    segtype: text(row, 'segtype'),
    bytes: number(row, 'lv_size'),
    metadataBytes: number(row, 'lv_metadata_size'),
    pool: bare(text(row, 'pool_lv')),
    origin: bare(text(row, 'origin')),
    isActive: state !== '-' && state !== '',
    isOpen: attributes[5] === 'o',
    isSkipped: attributes[9] === 'k',
    isPartial: health === 'p',
    health: state === 'c' || state === 'C' ? 'c' : health.replace('-', '').replace('p', ''),
    dataPercent: percent(row, 'data_percent'),
    metadataPercent: percent(row, 'metadata_percent'),
    profile: text(row, 'lv_profile'),
    tags: list(row, 'lv_tags'),
    monitor: text(row, 'seg_monitor'),
    chunk: number(row, 'chunk_size'),
    isZeroing: attributes[7] === 'z',
    discards: text(row, 'discards'),
    whenFull: row['lv_when_full'],
    segments: rows.map((one) => ({ extents: number(one, 'seg_size_pe'), devices: text(one, 'devices') })),
  };
}

/** An origin of snapshots, a mirror and the like is not for us to resize. */
function kindOf(rows: readonly Row[]): LogicalVolume['kind'] {
  const type = text(rows[0] ?? {}, 'lv_attr')[0];
  const is = (segtype: string): boolean => rows.every((row) => text(row, 'segtype') === segtype);
  if (type === 't') return 'thin-pool';
  if (type === 'V' && is('thin')) return 'thin';
  return type === '-' && is('linear') ? 'linear' : 'other';
}

/** Hidden volumes are written in brackets. */
function bare(name: string): string {
  return name.replace(/^\[(.*)\]$/, '$1');
}

function text(row: Row, key: string): string {
  return row[key] ?? '';
}

function list(row: Row, key: string): readonly string[] {
  return text(row, key)
    .split(',')
    .filter((word) => word !== '');
}

function percent(row: Row, key: string): number | undefined {
  const value = text(row, key);
  return value === '' ? undefined : Number(value);
}

function number(row: Row, key: string): number {
  const value = text(row, key);
  if (value === '' || value === '-1') return 0;
  const found = Number(value);
  if (Number.isSafeInteger(found) && found >= 0) return found;
  throw fault({ code: 'E_ANSWER', message: `expected a number of bytes or extents for ${key}, found "${value}"` });
}
