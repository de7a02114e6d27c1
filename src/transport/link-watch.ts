import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { showDuration } from '../core/units.ts';
import type { Loss } from './channel-program.ts';
import type { ClientError } from './handshake-failure.ts';
import { inside } from './inside.ts';
import type { Tuning } from './tuning.ts';

/** A connection's end: when it came, and the best reason known for it. */
export interface LinkWatch extends Loss {
  /** Resolves with the reason once the connection is gone; never rejects. */
  readonly closed: Promise<string>;
  readonly over: () => boolean;
  /** From now on the end is our own doing. */
  closing(): void;
}

/** Watches a client that is logged in. Received bytes count as a sign of life, so a slow link under load stays. */
export function watchLink(client: Client, stream: Duplex, explain: () => string, tuning: Tuning): LinkWatch {
  const lost = new Set<() => void>();
  let over = false;
  let ours = false;
  let trouble: string | undefined;
  const reason = (): string => {
    if (ours) return 'closed by copse';
    return [trouble ?? 'the host closed the connection', explain()].filter((part) => part !== '').join('; ');
  };

  client.on('error', (error: ClientError) => {
    trouble ??= troubleOf(error, tuning);
  });
  const closed = new Promise<string>((resolve) => {
    client.once('close', () => {
      over = true;
      resolve(reason());
      for (const tell of lost) tell();
      lost.clear();
    });
  });
  // Once in a while is enough: each time costs a timer.
  const alive = Math.min(1000, tuning.keepaliveMs / 4);
  let seen = performance.now();
  stream.on('data', () => {
    const now = performance.now();
    if (now - seen < alive) return;
    seen = now;
    inside(client)._resetKA?.();
  });

  return {
    closed,
    reason,
    over: () => over,
    closing() {
      if (!over) ours = true;
    },
    watch(onLost) {
      if (over) onLost();
      else lost.add(onLost);
      return () => lost.delete(onLost);
    },
  };
}

function troubleOf(error: ClientError, { keepaliveMs }: Tuning): string {
  if (error.level === 'client-timeout') return `no sign of life from the host for ${showDuration(keepaliveMs * 3)}`;
  if (error.code === 'ECONNRESET') return 'the connection was reset';
  return error.message;
}
