import type { Call } from '../calls.ts';
import { readWords } from '../words.ts';

const GIB = 1024 ** 3;

interface Device {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly fstype: string | null;
  readonly mountpoint: string | null;
  readonly parent: string | null;
}

const DEVICES: readonly Device[] = [
  { name: 'vda', type: 'disk', size: 42 * GIB, fstype: null, mountpoint: null, parent: null },
  { name: 'vda3', type: 'part', size: GIB, fstype: 'ext4', mountpoint: '/boot', parent: 'vda' },
  { name: 'vda4', type: 'part', size: 40 * GIB, fstype: 'xfs', mountpoint: '/var', parent: 'vda' },
  { name: 'vdb', type: 'disk', size: 20 * GIB, fstype: null, mountpoint: null, parent: null },
];

const FLAGS = [
  '-J --json',
  '-b --bytes',
  '-p --paths',
  '-n --noheadings',
  '-l --list',
  '-a --all',
  '-d --nodeps',
  '-f --fs',
  '-r --raw',
  '-P --pairs',
];

type Row = Readonly<Record<string, unknown>>;

/** `lsblk`, as JSON, pairs or columns; an empty second disk is there to be used. */
export function lsblk(call: Call): number {
  const words = readWords(call.args, { flags: FLAGS, values: ['-o --output'] });
  const columns = (words.last('-o') ?? 'NAME,SIZE,TYPE,MOUNTPOINTS').toLowerCase().split(',');
  const names = words.rest.map((path) => path.replace(/^\/dev\//, ''));
  const missing = names.find((name) => !DEVICES.some((device) => device.name === name));
  if (missing !== undefined) {
    call.err(`lsblk: /dev/${missing}: not a block device\n`);
    return 32;
  }
  const tops = DEVICES.filter(({ name, parent }) => (names.length === 0 ? parent === null : names.includes(name)));
  const below = (device: Device): readonly Device[] =>
    words.has('-d') ? [] : DEVICES.filter(({ parent }) => parent === device.name);
  const row = (device: Device): Row => rowOf(device, columns, words.has('-b'));
  const flat = tops.flatMap((top) => [top, ...below(top)]).map(row);
  if (words.has('-J')) {
    const nodes = tops.map((top) => {
      const children = below(top).map(row);
      return children.length === 0 ? row(top) : { ...row(top), children };
    });
    call.out(`${JSON.stringify({ blockdevices: nodes }, null, 3)}\n`);
  } else if (words.has('-P'))
    call.out(flat.map((one) => `${cells(one, (key, value) => `${key}="${value}"`)}\n`).join(''));
  else {
    if (!words.has('-n')) call.out(`${columns.join(' ').toUpperCase()}\n`);
    call.out(flat.map((one) => `${cells(one, (_key, value) => value)}\n`).join(''));
  }
  return 0;
}

function rowOf(device: Device, columns: readonly string[], inBytes: boolean): Row {
  const { name, size, parent, mountpoint } = device;
  const fields: Row = {
    ...device,
    size: inBytes ? size : `${(size / GIB).toFixed(0)}G`,
    path: `/dev/${name}`,
    kname: name,
    pkname: parent,
    mountpoints: [mountpoint],
    ro: false,
    rm: false,
  };
  return Object.fromEntries(columns.map((column) => [column, fields[column] ?? null]));
}

function cells(row: Row, show: (key: string, value: string) => string): string {
  const text = (value: unknown): string =>
    typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  return Object.entries(row)
    .map(([key, value]) => show(key.toUpperCase(), Array.isArray(value) ? text(value[0]) : text(value)))
    .join(' ');
}
