import type { BlockNode } from './block-state.ts';

/** How large a file system is, as its own superblock says. */
export interface FileSystemSize {
  /** Bytes it covers. */
  readonly bytes: number;
  /** Bytes at the end of a device that its tools leave over, because they make no complete group or block. */
  readonly slack: number;
}

/** The size of the ext, xfs or btrfs file system on a device; undefined for others and where it cannot be told. */
export function fileSystemSize(node: BlockNode): FileSystemSize | undefined {
  const type = node.probe['TYPE'] ?? '';
  if (/^ext[234]$/.test(type)) return extSize(node.superblock);
  if (type === 'xfs') return xfsSize(node);
  return type === 'btrfs' ? btrfsSize(node.superblock) : undefined;
}

/** True where a file system could grow: it ends well before its device does. */
export function isShorterThanDevice(node: BlockNode): boolean {
  const size = fileSystemSize(node);
  return size !== undefined && node.bytes - size.bytes > size.slack;
}

/**
 * Offsets of the ext superblock (Documentation/filesystems/ext4, "super block"). The tools drop a last group that is smaller than
 * its own tables and 50 blocks, and round to pages.
 */
function extSize(hex: string): FileSystemSize | undefined {
  if (little(hex, 0x38, 2) !== 0xef53) return undefined;
  const block = 1024 * 2 ** little(hex, 0x18, 4);
  const is64 = (little(hex, 0x60, 4) & 0x80) !== 0;
  const count = little(hex, 0x04, 4) + (is64 ? little(hex, 0x150, 4) * 2 ** 32 : 0);
  const inodeBlocks = Math.ceil((little(hex, 0x28, 4) * (little(hex, 0x58, 2) || 128)) / block);
  const perGroup = little(hex, 0x20, 4) || 1;
  const descriptors = Math.ceil((Math.ceil(count / perGroup) * (little(hex, 0xfe, 2) || 32)) / block);
  const overhead = inodeBlocks + descriptors + little(hex, 0xce, 2) + 3 + 50;
  return { bytes: count * block, slack: Math.max(overhead * block, 65_536) };
}

/** A mounted xfs keeps its new size in the log for a while: its own report counts. A last group below 64 blocks is dropped. */
function xfsSize(node: BlockNode): FileSystemSize | undefined {
  const [, size, blocks] = /\bdata\s*=\s*bsize=(\d+)\s+blocks=(\d+)/.exec(node.xfsInfo) ?? [];
  if (size !== undefined) return { bytes: Number(size) * Number(blocks), slack: 64 * Number(size) };
  if (node.mounts.length > 0 || node.superblock.slice(0, 8) !== '58465342') return undefined;
  const block = big(node.superblock, 0x04, 4);
  return { bytes: big(node.superblock, 0x08, 8) * block, slack: 64 * block };
}

/** `_BHRfS_M` */
const BTRFS_MAGIC = '5f42485266535f4d';

/** The share of this device (`dev_item.total_bytes`), for a file system over several devices too. */
function btrfsSize(hex: string): FileSystemSize | undefined {
  if (hex.slice(0x80, 0x90) !== BTRFS_MAGIC) return undefined;
  return { bytes: little(hex, 0xc9 + 8, 8), slack: 1024 ** 2 };
}

function little(hex: string, offset: number, length: number): number {
  let value = 0;
  for (let at = offset + length - 1; at >= offset; at -= 1) value = value * 256 + byteAt(hex, at);
  return value;
}

function big(hex: string, offset: number, length: number): number {
  let value = 0;
  for (let at = offset; at < offset + length; at += 1) value = value * 256 + byteAt(hex, at);
  return value;
}

function byteAt(hex: string, at: number): number {
  return Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16) || 0;
}
