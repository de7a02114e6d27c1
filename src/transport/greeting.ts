import type { Duplex } from 'node:stream';

/** Text that a host sends before its SSH banner: the only place where a busy or unwilling sshd says why. */
export interface Greeting {
  readonly text: () => string;
}

const KEPT = 2048;
const MOST = 64 * 1024;

/**
 * Reads along until the banner. To be called right after ssh2's `connect`, which has paused the stream. `onBanner` is
 * called once; `onFlood` when 64 KiB came without one.
 */
export function watchGreeting(stream: Duplex, onBanner: () => void, onFlood: () => void): Greeting {
  let text = '';
  let total = 0;
  const read = (chunk: Buffer): void => {
    total += chunk.length;
    text += chunk.toString('latin1').slice(0, MOST);
    const banner = /(?:^|\n)SSH-[^\n]*\n/.exec(text.slice(-MOST));
    if (banner !== null) {
      stream.off('data', read);
      text = text.slice(0, text.indexOf(banner[0]));
      onBanner();
    } else if (total > MOST) {
      stream.off('data', read);
      onFlood();
    }
  };
  stream.on('data', read);
  return { text: () => text.slice(0, KEPT) };
}
