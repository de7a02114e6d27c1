import type { Fault } from '../core/problem.ts';
import type { Target } from '../core/target.ts';
import type { ConnectOptions, Connection, Transport } from '../transport/transport.ts';
import { within } from './deferred.ts';

/** What connecting a session needs from outside. */
export interface LinkDeps {
  /** Everything needed to connect; asked for when the first connection is opened. */
  readonly target: () => Promise<Target>;
  readonly transport: (target: Target) => Transport;
  readonly ask?: NonNullable<ConnectOptions['ask']>;
}

/** An open connection and what people call it. */
export interface Linked {
  readonly connection: Connection;
  /** Who is logged in. */
  readonly user: string;
  /** User and host. */
  readonly place: string;
  /** Why an identity's password was refused on this connection: it is not tried again, lest the account be locked. */
  readonly refused: Map<string, Fault>;
  /** Refusals of sudo before any password was given: a terminal may be what it missed. */
  readonly untold: WeakSet<Fault>;
  /** The identities whose sudo wants a terminal. */
  readonly terminals: Set<string>;
}

/** The one connection of a session: opened when it is needed, and again when it was lost. */
export interface Link {
  /** The connection, opened if there is none. Rejects with the transport's fault. */
  get(signal: AbortSignal): Promise<Linked>;
  /** Gives the connection up; the next `get` opens a new one. */
  drop(): Promise<void>;
}

/** How long a connection may take to say goodbye. */
const GOODBYE_MS = 2000;

/** A link that is not connected yet. */
export function createLink(deps: LinkDeps): Link {
  let opening: Promise<Linked> | undefined;

  async function open(signal: AbortSignal): Promise<Linked> {
    const target = await deps.target();
    const options = deps.ask === undefined ? { signal } : { signal, ask: deps.ask };
    const connection = await deps.transport(target).connect(target, options);
    return {
      connection,
      user: target.user,
      place: `${target.user}@${target.name}`,
      refused: new Map(),
      untold: new WeakSet(),
      terminals: new Set(),
    };
  }
  return {
    get(signal) {
      if (opening !== undefined) return opening;
      const current = open(signal);
      const forget = (): void => {
        if (opening === current) opening = undefined;
      };
      opening = current;
      current.then(({ connection }) => connection.closed.then(forget), forget);
      return current;
    },
    async drop() {
      const current = opening;
      opening = undefined;
      const linked = await current?.catch(() => undefined);
      if (linked !== undefined) await within(linked.connection.close(), GOODBYE_MS, () => undefined);
    },
  };
}
