import type { Secret } from './secret.ts';

/** How an unknown host key is met: refuse, take and remember it, or ask the person. A changed key is always refused. */
export type HostKeyPolicy = 'strict' | 'accept-new' | 'ask';

/** What the inventory says about reaching a host; everything it leaves open comes from ~/.ssh/config and defaults. */
export interface HostSpec {
  /** Name in the inventory. */
  readonly name: string;
  readonly address?: string;
  readonly port?: number;
  readonly user?: string;
  readonly transport?: 'ssh' | 'openssh' | 'local';
  /** Private key files, in order. */
  readonly identities?: readonly string[];
  /** Only these identities, not everything the agent holds. */
  readonly identitiesOnly?: boolean;
  readonly password?: Secret;
  readonly passphrase?: Secret;
  readonly hostKeyPolicy?: HostKeyPolicy;
  readonly hostKeyAlias?: string;
  readonly knownHosts?: readonly string[];
  /** Jump hosts as `user@host:port`, first hop first; an empty list switches off one from ~/.ssh/config. */
  readonly jump?: readonly string[];
  readonly proxyCommand?: string;
  readonly connectTimeoutMs?: number;
  /** Set when the inventory asks to become another user for every task (`ansible_become: true`). */
  readonly become?: BecomeSpec;
  /** `ansible_become: false`: whatever a playbook says, nobody else is become on this host. */
  readonly neverBecome?: boolean;
  /** What the inventory says about becoming, for tasks that ask for it and leave it open. */
  readonly becomeUser?: string;
  readonly becomeMethod?: BecomeSpec['method'];
  readonly becomePassword?: Secret;
}

/** Becoming another user on the host. */
export interface BecomeSpec {
  readonly user: string;
  readonly method: 'sudo' | 'su' | 'doas';
  readonly password?: Secret;
}

/** A host fully resolved: everything a transport needs to connect. */
export interface Target {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly transport: 'ssh' | 'openssh' | 'local';
  readonly identities: readonly string[];
  readonly identitiesOnly: boolean;
  readonly agent: string | undefined;
  readonly password: Secret | undefined;
  readonly passphrase: Secret | undefined;
  readonly hostKeyPolicy: HostKeyPolicy;
  readonly hostKeyAlias: string | undefined;
  readonly knownHosts: readonly string[];
  /** Resolved jump hosts, first hop first. */
  readonly jump: readonly Target[];
  readonly proxyCommand: string | undefined;
  readonly connectTimeoutMs: number;
}
