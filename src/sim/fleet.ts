import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCalls } from './calls.ts';
import type { Fault } from './faults.ts';
import { abandonFolder, makeFolder, removeFolder } from './folder.ts';
import { inventoryText } from './inventory.ts';
import { knownHostsLine, makeKey, type HostKey } from './keys.ts';
import { createMachine, prepareFiles, type Machine } from './machine.ts';
import { firstSysroot } from './model/first-sysroot.ts';
import { goDown } from './power.ts';
import { createRandom } from './random.ts';
import { readSshd } from './sshd.ts';
import { createSshSide, type SshSide } from './ssh-server.ts';
import { dispatch, TOOLS } from './stand-ins/index.ts';
import { beginBusy } from './stand-ins/transactions.ts';
import { createTrees, type Trees } from './tree.ts';
import type { Fleet, FleetOptions, HostOptions, SimHost, Timing } from './types.ts';

/** Times that let a whole play pass in seconds. */
const TIMING: Timing = { transaction: 1500, shutdown: 300, down: 2500, boot: 700 };

/** Starts a simulated fleet: one SSH server per host on a loopback address of its own, nothing of it needs root. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const folder = makeFolder(options.folder);
  const user = options.user ?? 'core';
  const trees = createTrees(join(folder, 'trees'), TOOLS);
  const login = makeKey();
  const descriptions = describe(options);
  const net = networkOf();
  const hosts = descriptions.map((description, index) => {
    const machine = machineOf(description, options, { folder, user, trees });
    return createHost(machine, addressOf(net, index), login);
  });
  const byName = new Map(hosts.map((host) => [host.name, host]));
  const find = (name: string): Host => {
    const found = byName.get(name);
    if (found === undefined) throw new Error(`no simulated host "${name}"`);
    return found;
  };
  const calls = openCalls(
    join(folder, 'ctl'),
    (name) => find(name).root,
    (name, call) => dispatch(find(name).machine, call),
  );
  for (const host of hosts) await host.begin();
  const end = (): void => {
    for (const host of hosts) host.end();
    calls.close();
  };
  // A process that leaves early must not leave shells and files behind.
  const abandon = (): void => {
    end();
    abandonFolder(folder);
  };
  process.once('exit', abandon);
  const files = writeFiles(folder, login, user, hosts, descriptions);
  return {
    hosts,
    host: find,
    user,
    folder,
    ...files,
    stop: async () => {
      process.off('exit', abandon);
      end();
      await removeFolder(folder);
    },
  };
}

/** Where in 127.0.0.0/8 a fleet begins, so that an address is nobody else's while its host is away. */
function networkOf(): number {
  return (64 + Math.floor(Math.random() * 160)) * 256 + Math.floor(Math.random() * 256);
}

function addressOf(network: number, index: number): string {
  const block = network + Math.floor(index / 250);
  return `127.${Math.floor(block / 256)}.${block % 256}.${(index % 250) + 1}`;
}

function describe({ hosts, faults = {}, sudoPassword }: FleetOptions): readonly HostOptions[] {
  const all = typeof hosts === 'number' ? numbered(hosts) : hosts;
  const common = sudoPassword === undefined ? {} : { sudoPassword };
  return all.map((host) => ({ ...common, ...host, faults: [...(host.faults ?? []), ...(faults[host.name] ?? [])] }));
}

/** Names of a fleet that is only a number of hosts. */
export function hostNames(count: number): readonly string[] {
  const digits = Math.max(2, String(count).length);
  return Array.from({ length: count }, (_, index) => `edge${String(index + 1).padStart(digits, '0')}`);
}

function numbered(count: number): readonly HostOptions[] {
  return hostNames(count).map((name, index) => ({ name, groups: ['edge', ...(index < 2 ? ['canary'] : [])] }));
}

function machineOf(
  options: HostOptions,
  fleet: FleetOptions,
  where: { readonly folder: string; readonly user: string; readonly trees: Trees },
): Machine {
  const random = createRandom(fleet.seed ?? 1, options.name);
  return createMachine({
    root: join(where.folder, 'h', options.name),
    user: where.user,
    options,
    timing: timingOf(fleet),
    random,
    trees: where.trees,
    sysroot: firstSysroot(options.packages ?? [], options.image),
  });
}

function timingOf({ timing, pace = 1 }: FleetOptions): Timing {
  const { transaction, shutdown, down, boot } = { ...TIMING, ...timing };
  return { transaction: transaction * pace, shutdown: shutdown * pace, down: down * pace, boot: boot * pace };
}

/** A host as the fleet holds it. */
interface Host extends SimHost {
  readonly machine: Machine;
  readonly key: HostKey;
  begin(): Promise<void>;
  end(): void;
}

function createHost(machine: Machine, address: string, login: HostKey): Host {
  const key = makeKey();
  let laid = false;
  const ready = (): void => {
    if (!laid) prepareFiles(machine);
    laid = true;
  };
  const side = createSshSide(machine, address, { login: login.public, host: key, other: makeKey() }, ready);
  machine.onPower = (up) => switchSide(machine, side, up);
  machine.onSshd = () => {
    machine.sshd = readSshd(machine.root);
    switchSide(machine, side, machine.up);
  };
  const inject = (fault: Fault): void => {
    machine.faults.set(fault.fault, fault);
    if (fault.fault === 'refuse') side.leave();
    if (fault.fault === 'busy') beginBusy(machine, fault.ms);
  };
  return {
    machine,
    key,
    name: machine.name,
    address,
    root: machine.root,
    counts: machine.counts,
    inject,
    get port() {
      return side.port();
    },
    get state() {
      return stateOf(machine);
    },
    get faults() {
      return [...machine.faults.values()];
    },
    clear: (name) => {
      const refused = machine.faults.has('refuse') && (name === undefined || name === 'refuse');
      if (name === undefined) machine.faults.clear();
      else machine.faults.delete(name);
      if (refused && machine.up) void side.listen();
    },
    begin: async () => {
      await side.listen();
      for (const fault of machine.faults.values()) inject(fault);
    },
    end: () => {
      machine.onPower = () => undefined;
      machine.life.abort(new Error('the fleet was stopped'));
      goDown(machine);
      side.leave();
    },
  };
}

function switchSide(machine: Machine, side: SshSide, up: boolean): void {
  if (!up) side.leave();
  else if (machine.sshd.isElsewhere) side.shut();
  else if (!machine.faults.has('refuse')) void side.listen();
}

function stateOf(machine: Machine): SimHost['state'] {
  const { transaction } = machine;
  return {
    up: machine.up,
    bootId: machine.bootId,
    boots: machine.boots,
    sysroot: machine.sysroot,
    units: new Map(machine.units.all().map((unit) => [unit.name, unit])),
    transaction: transaction === undefined ? undefined : { method: transaction.method, title: transaction.title },
  };
}

function writeFiles(
  folder: string,
  login: HostKey,
  user: string,
  hosts: readonly Host[],
  descriptions: readonly HostOptions[],
): Pick<Fleet, 'inventoryFile' | 'knownHostsFile' | 'keyFile'> {
  const files = {
    inventoryFile: join(folder, 'inventory.yaml'),
    knownHostsFile: join(folder, 'known_hosts'),
    keyFile: join(folder, 'id_ed25519'),
  };
  writeFileSync(files.keyFile, login.private);
  chmodSync(files.keyFile, 0o600);
  writeFileSync(
    files.knownHostsFile,
    hosts.map(({ address, port, key }) => knownHostsLine(address, port, key)).join(''),
  );
  writeFileSync(files.inventoryFile, inventoryText({ ...files, user, hosts, descriptions }));
  return files;
}
