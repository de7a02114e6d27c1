import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './shell.ts';

/** The hardware of a machine; a warm snapshot only fits machines that have the same. */
export interface Hardware {
  readonly name: string;
  /** The machine's folder: disks, sockets, logs. */
  readonly folder: string;
  /** Address and port of the host where its ssh answers. */
  readonly address: string;
  readonly port: number;
  readonly mac: string;
  /** Another one tells the kernel to take new random numbers. */
  readonly generation: string;
  /** How many empty data disks it has. */
  readonly disks: number;
  readonly hasSeed: boolean;
}

/** Where a machine's memory comes from. */
export type Memory =
  | { readonly from: 'nothing' }
  /** A file that will be the snapshot. */
  | { readonly from: 'file'; readonly file: string }
  /** A snapshot: pages are copied when they are written; the device state comes over the monitor. */
  | { readonly from: 'snapshot'; readonly file: string };

/** MiB of memory of every machine. */
export const memoryMib = 768;

/** Something that is plugged into a running machine or put on its command line: a monitor command and its values. */
export interface Plug {
  readonly command: 'blockdev-add' | 'netdev_add' | 'device_add';
  readonly values: Readonly<Record<string, unknown>>;
}

/** A data disk, 1 for the first: vdb in the guest, serial number lab-disk1. */
function diskPlugs(hardware: Hardware, number: number): readonly Plug[] {
  const node = `disk${number}`;
  const file = { driver: 'file', filename: `${hardware.folder}/${node}.qcow2` };
  return [
    {
      command: 'blockdev-add',
      values: { driver: 'qcow2', 'node-name': node, file, discard: 'unmap', cache: { 'no-flush': true } },
    },
    diskDevice(number),
  ];
}

/** The device of a data disk, to plug it in again after it was pulled. */
export function diskDevice(number: number): Plug {
  const node = `disk${number}`;
  const values = {
    driver: 'virtio-blk-pci',
    drive: node,
    id: node,
    serial: `lab-${node}`,
    addr: `0x${(5 + number).toString(16)}`,
  };
  return { command: 'device_add', values };
}

/** What each machine has of its own: the disks, the seed, the network card. */
export function ownPlugs(hardware: Hardware): readonly Plug[] {
  const disks = Array.from({ length: hardware.disks }, (_, index) => diskPlugs(hardware, index + 1)).flat();
  const seedFile = { driver: 'file', filename: `${hardware.folder}/seed.iso` };
  const seed: readonly Plug[] = [
    { command: 'blockdev-add', values: { driver: 'raw', 'node-name': 'seed', file: seedFile, 'read-only': true } },
    {
      command: 'device_add',
      values: { driver: 'virtio-blk-pci', drive: 'seed', id: 'seed', serial: 'lab-seed', addr: '0x10' },
    },
  ];
  const forward = [{ str: `tcp:${hardware.address}:${hardware.port}-:22` }];
  return [
    ...disks,
    ...(hardware.hasSeed ? seed : []),
    { command: 'netdev_add', values: { type: 'user', id: 'net0', hostfwd: forward } },
    {
      command: 'device_add',
      values: { driver: 'virtio-net-pci', netdev: 'net0', id: 'nic0', mac: hardware.mac, romfile: '', addr: '0x5' },
    },
  ];
}

/** Starts qemu in the background; it is up when this returns. A machine from a snapshot still waits for its state. */
export async function startQemu(hardware: Hardware, memory: Memory): Promise<void> {
  const { folder } = hardware;
  const socket = 'server=on,wait=off';
  const options: readonly (readonly string[])[] = [
    ['-name', hardware.name, '-nodefaults', '-no-user-config', '-display', 'none'],
    ['-object', memoryObject(memory), '-machine', 'pc,usb=off,vmport=off,hpet=off,memory-backend=ram'],
    ['-accel', 'tcg,thread=multi,tb-size=128', '-cpu', 'Nehalem', '-smp', '1', '-m', String(memoryMib)],
    ['-rtc', 'base=utc,clock=host', '-device', 'virtio-rng-pci,addr=0x3'],
    ['-device', `vmgenid,guid=${hardware.generation}`],
    ['-chardev', `socket,id=console,path=${folder}/serial.sock,${socket},logfile=${folder}/serial.log,logappend=on`],
    ['-serial', 'chardev:console', '-qmp', `unix:${folder}/qmp.sock,${socket}`],
    ['-blockdev', `driver=qcow2,node-name=system,discard=unmap,cache.no-flush=on,${fileAt(folder, 'system')}`],
    ['-device', 'virtio-blk-pci,drive=system,id=system,bootindex=1,addr=0x4'],
    memory.from === 'snapshot' ? ['-incoming', 'defer'] : ownPlugs(hardware).flatMap(option),
    ['-pidfile', `${folder}/pid`, '-daemonize'],
  ];
  await run(['qemu-system-x86_64', ...options.flat()], { log: `${folder}/qemu.log` });
}

function fileAt(folder: string, name: string): string {
  return `file.driver=file,file.filename=${folder}/${name}.qcow2`;
}

/** The process of a machine; undefined when it is off. */
export async function processOf(machine: Hardware): Promise<number | undefined> {
  const pid = Number(await readFile(join(machine.folder, 'pid'), 'utf8').catch(() => '0'));
  if (pid === 0) return undefined;
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return line.includes(`${machine.folder}/pid`) ? pid : undefined;
}

function memoryObject(memory: Memory): string {
  if (memory.from === 'nothing') return `memory-backend-ram,id=ram,size=${memoryMib}M`;
  return `memory-backend-file,id=ram,size=${memoryMib}M,mem-path=${memory.file},share=${memory.from === 'file' ? 'on' : 'off'}`;
}

function option(plug: Plug): readonly string[] {
  const names = { 'blockdev-add': '-blockdev', netdev_add: '-netdev', device_add: '-device' } as const;
  return [names[plug.command], JSON.stringify(plug.values)];
}
