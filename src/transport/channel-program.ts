import type { Client, ClientChannel } from 'ssh2';
import { inside, remoteId } from './inside.ts';
import type { Exit, Program } from './program.ts';

/** How a connection tells its channels that it is gone. */
export interface Loss {
  /** Calls back when the connection is gone; the returned function takes that back. */
  watch(onLost: () => void): () => void;
  reason(): string;
}

const DRAIN_MS = 200;

/** A channel as a program. Must be called in exec's own callback: the exit may be in the same packet. */
export function channelProgram(client: Client, channel: ClientChannel, loss: Loss): Program {
  let exit: Exit;
  // A write after the other side closed is the feeder's to notice, not a crash.
  channel.on('error', () => undefined);
  channel.stderr.on('error', () => undefined);
  const exited = new Promise<Exit>((resolve) => {
    channel.once('exit', (code: number | null, signal?: string) => {
      exit = code === null ? { signal: signal ?? 'unknown' } : { code };
      resolve(exit);
    });
  });
  const closed = new Promise<Exit>((resolve) => {
    // What arrived before the loss may still be read; a channel that nobody reads would never close.
    const unwatch = loss.watch(() => setTimeout(() => resolve(exit), DRAIN_MS));
    channel.once('close', () => {
      unwatch();
      resolve(exit);
    });
  });

  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    exited,
    closed,
    lostReason: () => loss.reason(),
    signal: (name) => quietly(() => inside(client)._protocol.signal(remoteId(channel), name)),
    drop: () => quietly(() => channel.close()),
  };
}

/** ssh2 throws when the connection is gone, which is fine here: there is nobody left to tell. */
function quietly(act: () => void): void {
  try {
    act();
  } catch {
    // Gone already.
  }
}
