import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import type { Tuning } from './tuning.ts';

/** What a connection is made of. */
export interface SshParts {
  readonly client: Client;
  readonly stream: Duplex;
  readonly detail: string;
  /** Why the stream ended, where something else than SSH knows: the jump host, the proxy command; '' otherwise. */
  readonly explain: () => string;
  readonly tuning: Tuning;
  /** Opens one more connection to the same host, for a host that allows few channels on one. */
  readonly another?: () => Promise<SshParts>;
}
