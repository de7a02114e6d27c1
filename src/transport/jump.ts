import type { Client } from 'ssh2';
import { Fault, fault } from '../core/problem.ts';
import type { Target } from '../core/target.ts';
import { onAbort } from './abort.ts';
import type { ConnectFailure } from './connect-fault.ts';
import { called, ConnectError, interrupted, tooSlow } from './connect-fault.ts';
import type { Link } from './dial.ts';
import type { Ask } from './person.ts';
import type { Tuning } from './tuning.ts';

/** A connection to a jump host that is logged in, and its end. */
export interface JumpClient {
  readonly client: Client;
  /** Resolves with the reason when it is gone. */
  readonly closed: Promise<string>;
  close(): void;
}

/** Opens a connection to a jump host, itself perhaps over other jump hosts. */
export type OpenJump = (hop: Target, ask: Ask | undefined) => Promise<JumpClient>;

/** Tunnels through jump hosts; hosts behind the same one share its connection. */
export interface Jumps {
  /** A stream to the target through its last jump host. */
  link(target: Target, signal: AbortSignal, ask: Ask | undefined): Promise<Link>;
}

interface Shared {
  readonly opening: Promise<JumpClient>;
  tunnels: number;
  gone: string | undefined;
  /** No new tunnel goes through it from now on. */
  readonly retire: () => void;
}

const LINGER_MS = 1000;
const PROHIBITED = 1;

/** Keeps connections to jump hosts for as long as something goes through them. */
export function jumps(open: OpenJump, tuning: Tuning): Jumps {
  const pools = new Map<string, Set<Shared>>();

  const share = (hop: Target, ask: Ask | undefined): Shared => {
    const key = keyOf(hop);
    const pool = pools.get(key) ?? new Set<Shared>();
    pools.set(key, pool);
    for (const shared of pool) if (shared.tunnels < tuning.tunnels) return shared;
    const retire = (): void => {
      pool.delete(shared);
      if (pool.size === 0 && pools.get(key) === pool) pools.delete(key);
    };
    const shared: Shared = { opening: open(hop, ask), tunnels: 0, gone: undefined, retire };
    pool.add(shared);
    const forget = (reason: string): void => {
      shared.gone = reason;
      retire();
    };
    shared.opening.then(
      ({ closed }) => void closed.then(forget),
      () => forget('it could not be reached'),
    );
    return shared;
  };

  return {
    async link(target, signal, ask) {
      const hop = lastHop(target);
      const shared = share(hop, ask);
      shared.tunnels += 1;
      const release = (): void => {
        shared.tunnels -= 1;
        if (shared.tunnels === 0) setTimeout(() => closeIdle(shared), LINGER_MS);
      };
      try {
        const { client } = await orAbort(shared.opening, target, signal);
        const since = performance.now();
        const stream = await tunnel(client, target, hop, signal);
        stream.once('close', release);
        const explain = (): string =>
          shared.gone === undefined ? '' : `the jump host ${called(hop)} is gone: ${shared.gone}`;
        return { stream, explain, since };
      } catch (error) {
        release();
        throw error instanceof Fault ? new ConnectError({ fault: viaHop(error, target, hop) }) : error;
      }
    },
  };
}

function closeIdle(shared: Shared): void {
  if (shared.tunnels > 0 || shared.gone !== undefined) return;
  shared.retire();
  shared.opening.then(
    (jump) => jump.close(),
    () => undefined,
  );
}

/** The last jump host, to be reached over the ones before it. */
function lastHop(target: Target): Target {
  const hop = target.jump.at(-1);
  if (hop === undefined) throw new TypeError(`${target.name} has no jump host`);
  return { ...hop, jump: target.jump.slice(0, -1) };
}

function keyOf({ user, address, port, jump, proxyCommand }: Target): string {
  return [...jump.map(keyOf), proxyCommand ?? '', `${user}@[${address}]:${port}`].join('>');
}

function tunnel(client: Client, target: Target, hop: Target, signal: AbortSignal): Promise<Link['stream']> {
  return new Promise((resolve, reject) => {
    let forget = (): void => undefined;
    const settle = (): void => {
      clearTimeout(timer);
      forget();
    };
    const end = (failure: ConnectFailure): void => {
      settle();
      reject(new ConnectError(failure));
    };
    const late = tooSlow(target, `the TCP connection from ${called(hop)}`, target.connectTimeoutMs);
    const timer = setTimeout(() => end({ fault: late }), target.connectTimeoutMs);
    forget = onAbort(signal, () => end({ fault: interrupted(target) }));
    try {
      client.forwardOut('127.0.0.1', 0, target.address, target.port, (error, channel) => {
        if (error !== undefined) {
          end({ fault: refused(target, hop, error) });
          return;
        }
        settle();
        channel.on('error', () => undefined);
        resolve(channel);
      });
    } catch (error) {
      // The jump host's connection ended between two lines of ours: the next try opens another one.
      end({ again: true, fault: refused(target, hop, error) });
    }
  });
}

function refused(target: Target, hop: Target, error: unknown): ConnectFailure['fault'] {
  const prohibited = error instanceof Error && 'reason' in error && error.reason === PROHIBITED;
  const why = error instanceof Error ? error.message : String(error);
  return fault(
    {
      code: 'E_CONNECT',
      message: `${called(target)} cannot be reached from the jump host ${called(hop)}: ${why}`,
      hint: prohibited
        ? 'see AllowTcpForwarding and PermitOpen in the sshd_config of the jump host'
        : 'see whether the host is up and reachable from the jump host',
    },
    error,
  );
}

/** A jump host's own trouble as the target's: every host behind it has to say so. */
function viaHop(trouble: Fault, target: Target, hop: Target): Fault {
  const problems = trouble.problems.map((problem) => ({
    ...problem,
    message: `${called(target)} is behind the jump host ${called(hop)}: ${problem.message}`,
  }));
  return new Fault(problems, trouble);
}

/** Waits for the shared connection, but no longer than this caller wants. */
function orAbort<T>(opening: Promise<T>, target: Target, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const forget = onAbort(signal, () => reject(new ConnectError({ fault: interrupted(target) })));
    opening.then(resolve, reject).finally(forget);
  });
}
