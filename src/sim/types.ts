import type { Fault } from './faults.ts';
import type { Sysroot } from './model/sysroot.ts';
import type { Unit } from './model/units.ts';

/** How long things take on a simulated host, in milliseconds. */
export interface Timing {
  /** A transaction that makes a new deployment. */
  readonly transaction: number;
  /** From the command to reboot until the connections drop. */
  readonly shutdown: number;
  /** Away: nothing listens. */
  readonly down: number;
  /** From the first login after a boot until `boot-complete.target`. */
  readonly boot: number;
}

/** One simulated host as its fleet describes it. */
export interface HostOptions {
  readonly name: string;
  readonly groups?: readonly string[];
  readonly faults?: readonly Fault[];
  /** Packages layered from the start. */
  readonly packages?: readonly string[];
  /** Container image that it runs, such as `quay.io/example/os:42`; an ostree ref when absent. */
  readonly image?: string;
  /** Managed with the tool of libostree itself: it has neither rpm-ostree nor bootc. */
  readonly isPlainOstree?: boolean;
  /** All builds of its image have one kernel, so that userspace alone can be restarted into them. */
  readonly sameKernel?: boolean;
  /** An update driver that is registered and runs: it keeps others from upgrading, deploying and rebasing. */
  readonly driver?: 'zincati';
  /** Without it sudo asks for no password. */
  readonly sudoPassword?: string;
  /** Lets the login user in with a password too. */
  readonly loginPassword?: string;
}

/** A fleet to start. */
export interface FleetOptions {
  /** A number makes `edge01`, `edge02` …, in the groups `canary` (the first two) and `edge`. */
  readonly hosts: number | readonly HostOptions[];
  /** Faults by host name, added to those of the hosts. */
  readonly faults?: Readonly<Record<string, readonly Fault[]>>;
  /** Login user, `core` when absent; `root` is allowed. */
  readonly user?: string;
  readonly timing?: Partial<Timing>;
  /** Multiplies all times; 1 when absent. */
  readonly pace?: number;
  /** For every host that has none of its own. */
  readonly sudoPassword?: string;
  /** Same seed, same machine ids, boot ids and small differences in timing. */
  readonly seed?: number;
  /** Where the fleet's folder is made; in memory or in the system's folder for temporary files when absent. */
  readonly folder?: string;
}

/** What a host was sent, to prove that nothing was sent twice. */
export interface Counts {
  readonly connections: number;
  readonly logins: number;
  readonly channels: number;
  /** Commands, and pieces of shell text for a long-lived shell. */
  readonly commands: number;
  readonly reboots: number;
  /** Transactions of rpm-ostree that were begun; attaching to one does not count. */
  readonly transactions: number;
  /** Calls of modelled tools, in order. */
  readonly calls: readonly ToolCall[];
}

/** One call of a modelled tool on a host. */
export interface ToolCall {
  readonly tool: string;
  readonly args: readonly string[];
  readonly user: string;
}

/** What a host is like at this moment. */
export interface HostState {
  readonly up: boolean;
  readonly bootId: string;
  /** Boots since the fleet was started, the first not counted. */
  readonly boots: number;
  readonly sysroot: Sysroot;
  readonly units: ReadonlyMap<string, Unit>;
  /** Method and command line of the running transaction. */
  readonly transaction: { readonly method: string; readonly title: string } | undefined;
}

/** One running host of a fleet. */
export interface SimHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly state: HostState;
  readonly counts: Counts;
  /** Where the host's files really are; an absolute path of the host is below it. */
  readonly root: string;
  readonly faults: readonly Fault[];
  /** Makes something go wrong from now on; a second fault of the same name replaces the first. */
  inject(fault: Fault): void;
  /** Ends one fault, or all. */
  clear(name?: Fault['fault']): void;
}

/** A running fleet. */
export interface Fleet {
  readonly hosts: readonly SimHost[];
  /** The host of that name; throws when there is none. */
  host(name: string): SimHost;
  readonly user: string;
  readonly folder: string;
  readonly inventoryFile: string;
  readonly knownHostsFile: string;
  /** Private key that opens every host. */
  readonly keyFile: string;
  /** Ends every process of the fleet and removes its files. */
  stop(): Promise<void>;
}
