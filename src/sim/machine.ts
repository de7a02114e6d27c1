import { systemClock } from '../core/clock.ts';
import type { Fault, FaultName } from './faults.ts';
import { homeOf, layBoot, layFiles, usePrograms } from './host-files.ts';
import { idOf, type Deployment } from './model/deployment.ts';
import { IMAGE_REMOTE } from './model/first-sysroot.ts';
import { imageOf } from './model/image.ts';
import type { JournalLine } from './model/journal.ts';
import { firstRefs, type Refs } from './model/repo.ts';
import { bootedOf, type Sysroot } from './model/sysroot.ts';
import { bootLink, layOstree } from './ostree-files.ts';
import { createOwners, type Owners } from './owners.ts';
import { createProcesses, type Processes } from './processes.ts';
import type { Random } from './random.ts';
import { bootPolicy, layPolicy } from './selinux-files.ts';
import { OPEN_SSHD, type Sshd } from './sshd.ts';
import type { Transaction } from './transaction.ts';
import type { Trees } from './tree.ts';
import type { HostOptions, Timing, ToolCall } from './types.ts';
import { createUnits, type Units } from './units.ts';

/** Everything one simulated host is, behind its SSH server. */
export interface Machine {
  readonly name: string;
  readonly root: string;
  /** The login user. */
  readonly user: string;
  readonly options: HostOptions;
  readonly timing: Timing;
  readonly random: Random;
  readonly units: Units;
  readonly owners: Owners;
  readonly processes: Processes;
  readonly journal: JournalLine[];
  readonly faults: Map<FaultName, Fault>;
  readonly counts: MutableCounts;
  readonly trees: Trees;
  /** Setting it makes and removes the files of deployments. */
  sysroot: Sysroot;
  /** What its repository has pulled; setting it lays the files of the repository. */
  refs: Refs;
  /** Held while ostree itself works on the deployments: others wait for it. */
  sysrootLock: Promise<unknown> | undefined;
  bootId: string;
  /** How often userspace alone was rebooted in this boot of the kernel, and whether the reboot under way is such a one. */
  softReboot: { readonly count: number; readonly pending: boolean } | undefined;
  boots: number;
  /** Milliseconds since 1970 of the boot. */
  bootedAt: number;
  up: boolean;
  /** From the order to reboot until the host is away. */
  stopping: boolean;
  transaction: Transaction | undefined;
  /** Numbers transactions, as rpm-ostree's bus names do. */
  sequence: number;
  /** Why the staged deployment of the boot before was not finalized. */
  finalizeFailure: string | undefined;
  /** Aborts when the host goes down: nothing of this boot goes on after it. */
  power: AbortController;
  /** Aborts when the fleet stops. */
  readonly life: AbortController;
  /** Channels whose shell has run the text it was started with. */
  readonly started: Set<string>;
  /** Cuts every connection; set by the SSH side. */
  cut: () => void;
  /** Told when the host comes up or goes away; set by the SSH side. */
  onPower: (up: boolean) => void;
  /** What sshd took from its files when it last started. */
  sshd: Sshd;
  /** Told when sshd starts or reads its files again; set by the SSH side. */
  onSshd: () => void;
}

/** Counts while they grow. */
export interface MutableCounts {
  connections: number;
  logins: number;
  channels: number;
  commands: number;
  reboots: number;
  transactions: number;
  readonly calls: ToolCall[];
}

/** What a machine is made from. */
export interface MachineParts {
  readonly root: string;
  readonly user: string;
  readonly options: HostOptions;
  readonly timing: Timing;
  readonly random: Random;
  readonly trees: Trees;
  readonly sysroot: Sysroot;
}

/** A machine that runs already; its files are laid when somebody first needs them. */
export function createMachine(parts: MachineParts): Machine {
  let { sysroot } = parts;
  let refs = firstRefs(sysroot.deployments);
  const machine: Machine = {
    ...parts,
    get sysroot() {
      return sysroot;
    },
    set sysroot(next) {
      sysroot = next;
      layOstree(parts.root, sysroot, refs);
    },
    get refs() {
      return refs;
    },
    set refs(next) {
      refs = next;
      layOstree(parts.root, sysroot, refs);
    },
    sysrootLock: undefined,
    name: parts.options.name,
    units: createUnits(parts.root, updatersOf(parts.options)),
    owners: createOwners(parts.root, parts.user),
    processes: createProcesses(),
    journal: [],
    faults: new Map((parts.options.faults ?? []).map((fault) => [fault.fault, fault])),
    counts: { connections: 0, logins: 0, channels: 0, commands: 0, reboots: 0, transactions: 0, calls: [] },
    bootId: parts.random.uuid(),
    softReboot: undefined,
    boots: 0,
    bootedAt: Date.now() - 3_600_000,
    up: true,
    stopping: false,
    transaction: undefined,
    sequence: 40,
    finalizeFailure: undefined,
    power: new AbortController(),
    life: new AbortController(),
    started: new Set(),
    cut: () => undefined,
    onPower: () => undefined,
    sshd: OPEN_SSHD,
    onSshd: () => undefined,
  };
  return machine;
}

function updatersOf({ driver, image }: HostOptions): readonly string[] {
  return [...(driver === undefined ? [] : [DRIVER_UNIT]), ...(image === undefined ? [] : [BOOTC_TIMER])];
}

/** Lays the files of a host before its first use. */
export function prepareFiles(machine: Machine): void {
  const { root, name, user, random, sysroot } = machine;
  const remotes = imageOf(bootedOf(sysroot).origin.refspec) === undefined ? IMAGE_REMOTE : '';
  layOstree(root, sysroot, machine.refs);
  layFiles(root, { name, user, machineId: random.hex(32), remotes });
  layPolicy(root);
  enterBoot(machine);
}

/** Files and units of the deployment that runs. */
export function enterBoot(machine: Machine): void {
  const deployment = bootedOf(machine.sysroot);
  const link = bootLink(machine.sysroot.deployments, deployment);
  layBoot(machine.root, { bootId: machine.bootId, deployment, link, tree: treeOf(machine, deployment) });
  bootPolicy(machine.root, deployment.kargs);
  machine.units.boot(deployment, machine.bootedAt);
}

/** Makes the running tree that of another deployment, as a live apply does. */
export function showTree(machine: Machine, id: string): void {
  const deployment = machine.sysroot.deployments.find((one) => idOf(one) === id);
  if (deployment !== undefined) usePrograms(machine.root, treeOf(machine, deployment));
}

function treeOf({ trees, options }: Machine, deployment: Deployment): string {
  return trees.of(deployment, options.isPlainOstree === true ? ['rpm-ostree', 'bootc'] : []);
}

/** Environment of a program a user starts. */
export function environment(machine: Machine, user: string): Readonly<Record<string, string>> {
  const { root } = machine;
  return {
    HOME: `${root}${homeOf(user)}`,
    USER: user,
    LOGNAME: user,
    SHELL: `${root}/bin/bash`,
    PATH: ['/usr/local/bin', '/usr/bin'].map((path) => root + path).join(':'),
    // mktemp has a path of its own for where nothing is said.
    TMPDIR: `${root}/tmp`,
    COPSE_SIM_USER: user,
  };
}

/** The unit of the update driver a host may have. */
export const DRIVER_UNIT = 'zincati.service';

/** Updates hosts that run a container image. */
const BOOTC_TIMER = 'bootc-fetch-apply-updates.timer';

/** Shell text after which nothing can be written into files. */
export const FULL_DISK_LIMIT = 'ulimit -S -f 0';

/** A command that is cut off has begun to run. */
const DROP_AFTER_MS = 30;

/** Counts a command, and cuts the connections in its middle when that is its fault. */
export function countCommand(machine: Machine): void {
  machine.counts.commands += 1;
  const drop = faultOf(machine, 'drop');
  if (drop === undefined) return;
  if (drop.after > 1) {
    machine.faults.set('drop', { fault: 'drop', after: drop.after - 1 });
    return;
  }
  machine.faults.delete('drop');
  setTimeout(() => machine.cut(), DROP_AFTER_MS);
}

/** Counts text that a long-lived shell was given; what it was started with came with the command itself. */
export function countShellText(machine: Machine, channel: string): void {
  if (machine.started.has(channel)) countCommand(machine);
  machine.started.add(channel);
}

/** One line into the journal. */
export function log(machine: Machine, unit: string, message: string, more: Partial<JournalLine> = {}): void {
  const ident = unit.replace(/\.\w+$/, '') || 'kernel';
  machine.journal.push({ boot: machine.boots, at: Date.now(), unit, ident, message, priority: 6, ...more });
  if (machine.journal.length > MOST_LINES) machine.journal.splice(0, machine.journal.length - MOST_LINES);
}

/** Lines of the journal and calls kept per host. */
const MOST_LINES = 5000;

/** Waits on the host: ends early, with an error, when the host goes down. */
export async function sleepOn(machine: Machine, ms: number, signal: AbortSignal = machine.power.signal): Promise<void> {
  await systemClock.sleep(ms, signal);
}

/** A fault of the host, if it has it. */
export function faultOf<Name extends FaultName>(
  machine: Machine,
  name: Name,
): Extract<Fault, { readonly fault: Name }> | undefined {
  const found = machine.faults.get(name);
  // The map holds each fault under its own name.
  return found as Extract<Fault, { readonly fault: Name }> | undefined;
}
