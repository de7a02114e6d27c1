import { diskDevice } from './qemu.ts';
import { powerOff, powerOn, type Machine } from './machine.ts';
import { onMachineConsole, withMonitor } from './reach.ts';

/** Something bad that can be done to a machine, or its end. */
export interface Fault {
  /** What a person reads in the list of faults. */
  readonly say: string;
  /** `value` is the word behind the name; each fault has its own default. */
  does(machine: Machine, value: string | undefined): Promise<unknown>;
}

/** Every fault by name. Those inside the guest go over its serial console, so that they need no network. */
export const faults = {
  'power-off': { say: 'the power is pulled: what was not written is lost', does: powerOff },
  'power-on': { say: 'the power is back', does: powerOn },
  reset: { say: 'the reset button', does: (machine) => monitorSends(machine, 'system_reset') },
  pause: { say: 'the machine stands still: nothing answers', does: (machine) => monitorSends(machine, 'stop') },
  resume: { say: 'it goes on', does: (machine) => monitorSends(machine, 'cont') },
  'link-down': {
    say: 'the network cable is pulled: packets vanish, nobody is told',
    does: (machine) => link(machine, false),
  },
  'link-up': { say: 'the cable is back', does: (machine) => link(machine, true) },
  delay: {
    say: 'packets take longer and get lost: VALUE as tc-netem takes it (300ms, "300ms loss 5%")',
    does: (machine, value = '300ms') =>
      onMachineConsole(machine, `tc qdisc replace dev eth0 root netem delay ${safe(value)}`),
  },
  'no-delay': {
    say: 'packets are quick again',
    does: (machine) => onMachineConsole(machine, 'tc qdisc del dev eth0 root'),
  },
  'slow-disk': {
    say: 'the system disk writes and reads VALUE bytes a second (262144)',
    does: (machine, value = '262144') => throttle(machine, Number(safe(value))),
  },
  'fast-disk': { say: 'the system disk is quick again', does: (machine) => throttle(machine, 0) },
  'disk-full': {
    say: 'the file system of the folder VALUE (/var) is full to the last byte',
    does: (machine, value = '/var') => onMachineConsole(machine, fill(safe(value)), 120_000),
  },
  'disk-free': {
    say: 'the file system of the folder VALUE (/var) has room again',
    does: (machine, value = '/var') =>
      onMachineConsole(machine, `rm -f ${safe(value)}/lab-fill ${safe(value)}/lab-fill-rest; sync`),
  },
  'disk-pull': {
    say: 'data disk number VALUE (1) is pulled',
    does: (machine, value = '1') => pull(machine, Number(safe(value))),
  },
  'disk-plug': {
    say: 'data disk number VALUE (1) is back, as it was',
    does: (machine, value = '1') => plug(machine, Number(safe(value))),
  },
  panic: {
    say: 'the kernel panics, and boots again after VALUE seconds (2); 0 hangs for ever',
    does: (machine, value = '2') => panic(machine, safe(value)),
  },
} as const satisfies Readonly<Record<string, Fault>>;

/** The name of a fault. */
export type FaultName = keyof typeof faults;

async function monitorSends(
  machine: Machine,
  command: string,
  values: Readonly<Record<string, unknown>> = {},
): Promise<unknown> {
  return withMonitor(machine, (qmp) => qmp.send(command, values));
}

function link(machine: Machine, isUp: boolean): Promise<unknown> {
  return monitorSends(machine, 'set_link', { name: 'nic0', up: isUp });
}

function throttle(machine: Machine, bps: number): Promise<unknown> {
  const id = '/machine/peripheral/system/virtio-backend';
  return monitorSends(machine, 'block_set_io_throttle', {
    id,
    bps,
    bps_rd: 0,
    bps_wr: 0,
    iops: 0,
    iops_rd: 0,
    iops_wr: 0,
  });
}

/** One large file that takes no time, then the rest byte by byte until nothing more goes. */
function fill(folder: string): string {
  const free = `$(( $(stat -f -c '%f * %S' ${folder}) - (4 << 20) ))`;
  return `fallocate -l ${free} ${folder}/lab-fill; dd if=/dev/zero of=${folder}/lab-fill-rest bs=4k 2>/dev/null; sync; true`;
}

async function pull(machine: Machine, number: number): Promise<void> {
  await withMonitor(machine, async (qmp) => {
    await qmp.send('device_del', { id: `disk${number}` });
    await qmp.event('DEVICE_DELETED', (data) => data['device'] === `disk${number}`);
  });
}

function plug(machine: Machine, number: number): Promise<unknown> {
  const { command, values } = diskDevice(number);
  return monitorSends(machine, command, values);
}

/** The console does not answer any more after this, so nobody waits for it. */
async function panic(machine: Machine, seconds: string): Promise<void> {
  await onMachineConsole(
    machine,
    `echo ${seconds} > /proc/sys/kernel/panic; (sleep 0.2; echo c > /proc/sysrq-trigger) &`,
  );
}

/** Values become shell text on the console: only harmless characters. */
function safe(value: string): string {
  if (/^[A-Za-z0-9 ./%_-]+$/.test(value)) return value;
  throw new Error(`"${value}" is no value for a fault: letters, digits, spaces and . / % _ - only`);
}
