import type { Facts } from '../core/facts.ts';
import { linesOf, numberIn } from './sections.ts';

type Device = Facts['devices'][number];
type Mount = Facts['mounts'][number];

/** Block devices from `lsblk -P -b`, or from /proc/partitions where there is no lsblk. */
export function parseDevices(text: string | undefined): Device[] {
  const lines = linesOf(text);
  const devices = lines.some((line) => line.startsWith('NAME="')) ? lines.map(lsblkDevice) : partitionDevices(lines);
  // A volume over several disks is listed under each of them.
  const seen = new Set<string>();
  return devices.filter(({ name }) => name !== '' && !seen.has(name) && seen.add(name));
}

function lsblkDevice(line: string): Device {
  const values = new Map(
    [...line.matchAll(/([A-Z:-]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, unescapeHex(value)]),
  );
  const get = (key: string): string => values.get(key) ?? '';
  const name = get('NAME');
  return {
    name,
    path: get('KNAME').startsWith('dm-') ? `/dev/mapper/${name}` : `/dev/${name.replaceAll('!', '/')}`,
    type: get('TYPE'),
    size: numberIn(get('SIZE')),
    fstype: get('FSTYPE'),
    mountpoint: get('MOUNTPOINT'),
    parent: get('PKNAME'),
  };
}

/** Lsblk writes odd characters as \x20. */
function unescapeHex(text: string): string {
  return text.replaceAll(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function partitionDevices(lines: readonly string[]): Device[] {
  const rows = lines.flatMap((line) => {
    const [, blocks, name] = /^\s*\d+\s+\d+\s+(\d+)\s+(\S+)$/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, size: numberIn(blocks) * 1024 }];
  });
  return rows.map(({ name, size }) => {
    const parent = rows.find((row) => row.name !== name && isPartitionOf(name, row.name))?.name ?? '';
    const type = name.startsWith('loop') ? 'loop' : parent === '' ? 'disk' : 'part';
    return { name, path: `/dev/${name}`, type, size, fstype: '', mountpoint: '', parent };
  });
}

/** `sda1` is one of `sda`, `nvme0n1p2` one of `nvme0n1`. */
function isPartitionOf(name: string, disk: string): boolean {
  if (!name.startsWith(disk)) return false;
  const rest = name.slice(disk.length);
  return /\d$/.test(disk) ? /^p\d+$/.test(rest) : /^\d+$/.test(rest);
}

/** Mounts from /proc/self/mounts, with sizes from `df -P -k`. */
export function parseMounts(mounts: string | undefined, space: string | undefined): Mount[] {
  const sizes = new Map(linesOf(space).flatMap(spaceLine));
  return linesOf(mounts).flatMap((line) => {
    const [source, path, fstype, options] = line.split(' ').map(unescapeOctal);
    if (source === undefined || path === undefined || fstype === undefined || options === undefined) return [];
    return [{ path, source, fstype, options, ...(sizes.get(path) ?? { size: 0, free: 0 }) }];
  });
}

/** The kernel writes blanks as \040. */
function unescapeOctal(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function spaceLine(line: string): [string, { size: number; free: number }][] {
  const [, blocks, available, path] = /\s(\d+)\s+\d+\s+(-?\d+)\s+(?:\d+%|-)\s+(\/.*)$/.exec(line) ?? [];
  if (path === undefined) return [];
  return [[path, { size: numberIn(blocks) * 1024, free: Math.max(0, numberIn(available)) * 1024 }]];
}
