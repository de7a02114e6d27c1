import type { Call } from '../calls.ts';
import { faultOf, type Machine } from '../machine.ts';
import { readWords } from '../words.ts';

const GIB = 1024 ** 3;

interface Mount {
  readonly target: string;
  readonly source: string;
  readonly fstype: string;
  readonly size: number;
  readonly used: number;
  readonly options: string;
}

function mountsOf(machine: Machine): readonly Mount[] {
  const full = faultOf(machine, 'disk-full') !== undefined;
  const big = (target: string, options = 'rw,relatime'): Mount => ({
    target,
    source: '/dev/vda4',
    fstype: 'xfs',
    size: 40 * GIB,
    used: full ? 40 * GIB : 12 * GIB,
    options,
  });
  const boot = {
    target: '/boot',
    source: '/dev/vda3',
    fstype: 'ext4',
    size: GIB,
    used: full ? GIB : GIB / 3,
    options: 'rw,relatime',
  };
  const memory = (target: string): Mount => ({
    target,
    source: 'tmpfs',
    fstype: 'tmpfs',
    size: 4 * GIB,
    used: 0,
    options: 'rw,nosuid',
  });
  return [big('/'), big('/sysroot', 'ro,relatime'), big('/etc'), big('/var'), boot, memory('/run'), memory('/tmp')];
}

function mountOf(machine: Machine, path: string): Mount | undefined {
  const fits = mountsOf(machine).filter(
    ({ target }) => target === '/' || path === target || path.startsWith(`${target}/`),
  );
  return fits.toSorted((a, b) => b.target.length - a.target.length)[0];
}

/** `findmnt`, as JSON or as a list of columns. */
export function findmnt(call: Call, machine: Machine): number {
  const flags = [
    '-J --json',
    '-n --noheadings',
    '-b --bytes',
    '-l --list',
    '-D --df',
    '-r --raw',
    '-P --pairs',
    '--real',
    '-e',
    '-k',
    '-v',
    '-A --all',
  ];
  const words = readWords(call.args, {
    flags,
    values: ['-o --output', '-t --types', '-T --target', '-M --mountpoint', '-S --source'],
  });
  const columns = (words.last('-o') ?? 'TARGET,SOURCE,FSTYPE,OPTIONS').toLowerCase().split(',');
  const path = words.last('-M') ?? words.rest[0];
  const under = words.last('-T');
  const all = mountsOf(machine);
  const one = under === undefined ? undefined : mountOf(machine, under);
  const found =
    under !== undefined
      ? one === undefined
        ? []
        : [one]
      : all.filter(({ target }) => path === undefined || target === path);
  if (found.length === 0) return 1;
  const rows = found.map((mount) => Object.fromEntries(columns.map((column) => [column, value(mount, column)])));
  if (words.has('-J')) call.out(`${JSON.stringify({ filesystems: rows }, null, 3)}\n`);
  else {
    if (!words.has('-n')) call.out(`${columns.join(' ').toUpperCase()}\n`);
    call.out(rows.map((row) => `${Object.values(row).join(' ')}\n`).join(''));
  }
  return 0;
}

function value(mount: Mount, column: string): string | number {
  const { target, source, fstype, options, size, used } = mount;
  const fields: Readonly<Record<string, string | number>> = {
    target,
    source,
    fstype,
    options,
    size,
    used,
    avail: size - used,
  };
  return fields[column] ?? '';
}

/** `df -P`, with `-k`, `-B1` or `--output=`. */
export function df(call: Call, machine: Machine): number {
  const flags = [
    '-P --portability',
    '-k',
    '-h --human-readable',
    '-a --all',
    '-l --local',
    '-T --print-type',
    '-i --inodes',
  ];
  const words = readWords(call.args, {
    flags,
    values: ['-B --block-size', '--output', '-x --exclude-type', '-t --type'],
  });
  const unit = /^1(?:B)?$/.test(words.last('-B') ?? '') ? 1 : 1024;
  const asked = words.rest.map((path) => mountOf(machine, path));
  const mounts = words.rest.length === 0 ? mountsOf(machine) : asked.filter((mount) => mount !== undefined);
  const output = words.last('--output');
  if (output !== undefined) return columnsOf(call, mounts, output.split(','), unit);
  const type = words.has('-T');
  call.out(
    `Filesystem ${type ? 'Type ' : ''}${unit === 1 ? '1-blocks' : '1024-blocks'} Used Available Capacity Mounted on\n`,
  );
  for (const { source, fstype, size, used, target } of mounts) {
    const numbers = [size, used, size - used].map((bytes) => Math.floor(bytes / unit));
    call.out(
      `${source} ${type ? `${fstype} ` : ''}${numbers.join(' ')} ${Math.ceil((used / size) * 100)}% ${target}\n`,
    );
  }
  return 0;
}

function columnsOf(call: Call, mounts: readonly Mount[], columns: readonly string[], unit: number): number {
  call.out(`${columns.join(' ')}\n`);
  for (const mount of mounts) {
    const row = columns.map((column) => {
      const found = value(mount, column === 'file' ? 'target' : column);
      return typeof found === 'number' ? Math.floor(found / unit) : found;
    });
    call.out(`${row.join(' ')}\n`);
  }
  return 0;
}

/** `mountpoint -q PATH`. */
export function mountpoint(call: Call, machine: Machine): number {
  const path = call.args.find((word) => !word.startsWith('-')) ?? '';
  return mountsOf(machine).some(({ target }) => target === path) ? 0 : 32;
}

/** `nproc`: as many as /proc/cpuinfo lists. */
export function nproc(call: Call): number {
  call.out('2\n');
  return 0;
}
