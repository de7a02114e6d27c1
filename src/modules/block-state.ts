import type { Answer } from '../core/answer.ts';
import { fault } from '../core/problem.ts';

/** Something that libblkid recognizes on a device. */
export interface Signature {
  /** As wipefs writes it: `0x218`. */
  readonly offset: string;
  readonly type: string;
  readonly uuid: string;
  readonly label: string;
  /** The line as wipefs wrote it, to see later that nothing has changed. */
  readonly raw: string;
}

/** One place where a device is mounted. */
export interface MountPoint {
  readonly target: string;
  readonly source: string;
  readonly fstype: string;
  /** Options of this mount and of the file system, `rw,relatime,seclabel`. */
  readonly options: string;
  /** The file system itself is read-only, not only this view of it. */
  readonly isFrozen: boolean;
  /** The folder of the file system that is seen there; `/` for all of it. */
  readonly root: string;
}

/** A block device or a partition of one. */
export interface BlockNode {
  /** Its name without links: `/dev/vdb`. */
  readonly real: string;
  /** `major:minor`. */
  readonly node: string;
  readonly bytes: number;
  readonly isReadOnly: boolean;
  /** Kernel names of what is built on it, with the device-mapper name where it has one: `dm-3 (data-root)`. */
  readonly holders: readonly string[];
  readonly isSwap: boolean;
  readonly mounts: readonly MountPoint[];
  readonly signatures: readonly Signature[];
  /** What `blkid -p` says of it: TYPE, LABEL, UUID, PTTYPE …; empty when nothing or more than one thing is recognized. */
  readonly probe: Readonly<Record<string, string>>;
  /** Exit status of `blkid -p`: 2 nothing found, 8 contradictory. */
  readonly probeCode: number;
  /** False when the device could not be read. */
  readonly isReadable: boolean;
  /** Superblock of an ext, xfs or btrfs file system as hex digits; empty for others. */
  readonly superblock: string;
  /** What `xfs_info` prints of a mounted xfs, on one line; empty otherwise. */
  readonly xfsInfo: string;
  /** Bytes: smallest and best request size of the disk, and where its first aligned byte is. */
  readonly io: { readonly minimum: number; readonly optimal: number; readonly offset: number };
  /** Name and identity in device-mapper; empty for other devices. */
  readonly dm: { readonly name: string; readonly uuid: string };
  /** What the added part of the script printed. */
  readonly more: readonly string[];
}

/** What is at the path of a device. */
export type Block =
  | { readonly is: 'absent' }
  /** Something is there that is no block device. */
  | { readonly is: 'other' }
  | { readonly is: 'block'; readonly self: BlockNode; readonly parts: readonly BlockNode[] };

/** The answer of `askBlocks`, one block for each path asked for. Throws E_ANSWER when it is not one. */
export function readBlocks(answer: Answer | undefined, paths: readonly string[]): readonly Block[] {
  const lines = (answer?.stdout ?? '').replace(/\n$/, '').split('\n');
  const sections = splitAt(lines, 'dev');
  if (answer === undefined || lines.at(-1) !== 'end' || sections.length !== paths.length + 1) {
    const found =
      answer === undefined
        ? 'nothing'
        : `exit ${answer.code}: ${(answer.stderr || answer.stdout).trim().slice(-200).replaceAll('\n', ' ')}`;
    throw fault({
      code: 'E_ANSWER',
      message: `expected a description of ${paths.map((path) => `"${path}"`).join(', ')}, found ${found}`,
    });
  }
  const [shared = [], ...devices] = sections;
  return devices.map((section) => readBlock(section, shared));
}

function readBlock(section: readonly string[], shared: readonly string[]): Block {
  const [first] = section;
  if (first === 'absent' || first === 'other') return { is: first };
  const [self = [], ...parts] = splitAt(section, 'part');
  return { is: 'block', self: readNode(self, shared), parts: parts.map((lines) => readNode(lines, shared)) };
}

function readNode(lines: readonly string[], shared: readonly string[]): BlockNode {
  const node = valueOf(lines, 'node');
  const real = valueOf(lines, 'real');
  const [minimum, optimal, offset] = valueOf(lines, 'io').split(' ').map(Number);
  const [name = '', uuid = ''] = valueOf(lines, 'dm').split(' ');
  const dm = { name, uuid };
  const names = [real, ...(name === '' ? [] : [`/dev/mapper/${name}`])];
  return {
    real,
    node,
    bytes: Number(valueOf(lines, 'sectors')) * 512,
    isReadOnly: valueOf(lines, 'ro') === '1',
    holders: valuesOf(lines, 'holder').map((text) => text.trim().replace(/^(\S+) (.+)$/, '$1 ($2)')),
    isSwap: valuesOf(shared, 'swap').includes(node),
    mounts: valuesOf(shared, 'mnt').flatMap((line) => mountOf(line, node, names)),
    signatures: valuesOf(lines, 'sig').map(signatureOf),
    probe: probeOf(valuesOf(lines, 'probe')),
    probeCode: Number(valueOf(lines, 'blkid')),
    isReadable: valueOf(lines, 'wipefs') === '0',
    superblock: valueOf(lines, 'super'),
    xfsInfo: valueOf(lines, 'xfs'),
    io: { minimum: minimum || 0, optimal: optimal || 0, offset: offset || 0 },
    dm,
    more: lines.filter((line) => !KNOWN.test(line)),
  };
}

const KNOWN = /^(?:real|node|sectors|ro|io|dm|holder|wipefs|sig|blkid|probe|super|xfs|end)(?: |$)/;

/** A line of mountinfo, when it is of that device; a btrfs has a device number of its own and is known by its source. */
function mountOf(line: string, node: string, names: readonly string[]): MountPoint[] {
  const [front = '', back = ''] = line.split(' - ', 2);
  const [, , number, root = '', target = '', options = ''] = front.split(' ');
  const [fstype = '', source = '', more = ''] = back.split(' ').map(unescapeOctal);
  if (number !== node && !(fstype === 'btrfs' && names.includes(source))) return [];
  const both = [...new Set(`${options},${more}`.split(',').filter((word) => word !== ''))];
  const isFrozen = more.split(',').includes('ro');
  return [
    {
      target: unescapeOctal(target),
      source,
      fstype,
      options: effective(both).join(','),
      isFrozen,
      root: unescapeOctal(root),
    },
  ];
}

/** A mount may be read-only where the file system itself is not: then `ro` counts. */
function effective(options: readonly string[]): readonly string[] {
  return options.includes('ro') ? options.filter((word) => word !== 'rw') : options;
}

/** The kernel writes blanks as \040. */
function unescapeOctal(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** `offset,uuid,label,type`; odd characters are written as \x2c. */
function signatureOf(line: string): Signature {
  const [offset = '', uuid = '', label = '', type = ''] = line.split(',').map(unescapeHex);
  return { offset, uuid, label, type, raw: line };
}

function unescapeHex(text: string): string {
  return text.replaceAll(/\\x([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** `KEY=value`; characters that a shell would take are written with a backslash. */
function probeOf(lines: readonly string[]): Record<string, string> {
  const pairs = lines.map((line): [string, string] => {
    const at = line.indexOf('=');
    return [line.slice(0, at), line.slice(at + 1).replaceAll(/\\(.)/g, '$1')];
  });
  return Object.fromEntries(pairs);
}

function splitAt(lines: readonly string[], mark: string): string[][] {
  const sections: string[][] = [[]];
  for (const line of lines) {
    if (line === mark) sections.push([]);
    else sections.at(-1)?.push(line);
  }
  return sections;
}

function valueOf(lines: readonly string[], key: string): string {
  return valuesOf(lines, key)[0] ?? '';
}

function valuesOf(lines: readonly string[], key: string): string[] {
  return lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1));
}
