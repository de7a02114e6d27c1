import type { Draft } from './draft.ts';
import { extentsFor, shareOf, type Size } from './size.ts';
import type { LogicalVolume } from './state.ts';
import type { Volume } from './volume-schema.ts';

const MIB = 1024 ** 2;
/** LVM keeps 64 bytes of metadata for each chunk, between these bounds (lvmthin(7)). */
const BYTES_PER_CHUNK = 64;
const LEAST_METADATA = 2 * MIB;
const MOST_METADATA = 16_192 * MIB;
/** Above this LVM takes larger chunks rather than more metadata. */
const USUAL_METADATA = 128 * MIB;
const LEAST_CHUNK = 64 * 1024;

/** What a pool takes, in extents (the chunk in bytes). */
export interface PoolNeeds {
  readonly data: number;
  readonly metadata: number;
  /** The spare of the group after it, as large as the largest metadata. */
  readonly spare: number;
  /** Extents it takes beyond what it has: data, metadata and what the spare grows. */
  readonly taken: number;
  readonly chunk: number;
}

/**
 * The sizes a pool should have; undefined when it is to be made and has no size. An existing one only grows. A share counts data,
 * metadata and the growth of the spare together, as LVM does, so that 100%FREE fits exactly.
 */
export function poolNeeds(draft: Draft, want: Volume, lv: LogicalVolume | undefined): PoolNeeds | undefined {
  const { size } = want;
  if (lv === undefined && size === undefined) return undefined;
  const { bytes, metadataBytes } = lv ?? { bytes: 0, metadataBytes: 0 };
  const has = { data: bytes / draft.extentSize, metadata: metadataBytes / draft.extentSize };
  const budget = size === undefined ? undefined : budgetOf(draft, size, lv === undefined ? undefined : has);
  let data = budget === undefined ? Math.max(has.data, leastOf(draft, size)) : budget + has.data;
  for (;;) {
    const needs = needsFor(draft, want, lv, has, data);
    if (budget === undefined || needs.taken <= budget || data <= has.data) return needs;
    data = Math.max(has.data, data - (needs.taken - budget));
  }
}

function leastOf(draft: Draft, size: Size | undefined): number {
  return size !== undefined && 'bytes' in size ? extentsFor(size.bytes, draft.extentSize) : 0;
}

/** Extents that a share leaves for the pool to take; undefined where the size is no share, or a share meant for its making only. */
function budgetOf(
  draft: Draft,
  size: Size,
  has: { readonly data: number; readonly metadata: number } | undefined,
): number | undefined {
  if ('bytes' in size) return undefined;
  if (size.of === 'FREE') {
    if (has !== undefined && size.percent !== 100) return 0;
    return shareOf(draft.free, size.percent);
  }
  const base = size.of === 'PVS' ? draft.named : draft.total;
  const taken = has === undefined ? 0 : has.data + has.metadata + draft.spare;
  return Math.max(0, Math.min(draft.free, shareOf(base, size.percent) - taken));
}

function needsFor(
  draft: Draft,
  want: Volume,
  lv: LogicalVolume | undefined,
  has: { readonly data: number; readonly metadata: number },
  data: number,
): PoolNeeds {
  const bytes = data * draft.extentSize;
  const chunk = lv?.chunk ?? want.chunk_size ?? usualChunk(bytes);
  const wished = want.metadata_size ?? 0;
  // What a pool has already is enough for the data it has.
  const natural = lv !== undefined && data === has.data ? 0 : naturalMetadata(bytes, chunk);
  const isGiven = lv === undefined && want.metadata_size !== undefined;
  const metadata = Math.max(has.metadata, extentsFor(isGiven ? wished : Math.max(wished, natural), draft.extentSize));
  const spare = Math.max(draft.spare, metadata);
  return { data, metadata, spare, chunk, taken: data - has.data + (metadata - has.metadata) + (spare - draft.spare) };
}

function naturalMetadata(bytes: number, chunk: number): number {
  return Math.min(MOST_METADATA, Math.max(LEAST_METADATA, Math.ceil(bytes / chunk) * BYTES_PER_CHUNK));
}

function usualChunk(bytes: number): number {
  let chunk = LEAST_CHUNK;
  while ((bytes / chunk) * BYTES_PER_CHUNK > USUAL_METADATA) chunk *= 2;
  return chunk;
}
