import type { Channel, Client } from 'ssh2';

/**
 * The private parts of ssh2 that copse needs, as they are in exactly 1.17.0 (pinned): signals after stdin was closed,
 * a sign of life from received data, and publickey logins with certificates and hardware keys.
 */
export interface Inside {
  readonly _protocol: InsideProtocol;
  readonly _resetKA?: () => void;
}

/** The part of ssh2's protocol state that a publickey login touches. */
export interface InsideProtocol {
  signal(channel: number, name: string): void;
  authPK(username: string, key: unknown, algorithm: string | undefined, sign?: SignRequest): void;
  readonly _kex: { readonly sessionID: Buffer };
  readonly _kexinit: Buffer | undefined;
  _queue?: Buffer[];
  readonly _authsQueue: string[];
  readonly _cipher: { encrypt(packet: Buffer): void };
  readonly _packetRW: {
    readonly write: { readonly allocStart: number; alloc(length: number): Buffer; finalize(packet: Buffer): Buffer };
  };
}

/** ssh2's wish for a signature: a failing key tells it to go on with the next method. */
export type SignRequest = (data: Buffer, done: (signature: Buffer) => void) => void;

/** The private side of a client; only after `connect()`. */
export function inside(client: Client): Inside {
  // Proven by the transport contract tests; ssh2 offers no public way.
  return client as unknown as Inside;
}

/** The number by which the other side knows a channel. */
export function remoteId(channel: Channel): number {
  return (channel.outgoing as { readonly id: number }).id;
}
