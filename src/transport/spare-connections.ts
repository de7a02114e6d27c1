import type { LinkWatch } from './link-watch.ts';
import { watchLink } from './link-watch.ts';
import type { SshParts } from './ssh-parts.ts';
import { startChannel } from './start-channel.ts';
import type { Started } from './start.ts';
import { isRefused } from './start.ts';

/** More connections to a host that refuses more channels on the first (`MaxSessions 1`). */
export interface Spares {
  /** Runs the text on one of them; undefined when it is too early to open one, or none can be had. */
  start(text: string, pty: boolean, waitedMs: number): Promise<Started | undefined>;
}

interface Spare {
  readonly parts: SshParts;
  readonly link: LinkWatch;
}

/** sshd frees a channel a moment after its command ended: only a refusal that lasts means that the limit is low. */
const PATIENCE_MS = 300;
const MOST_SPARES = 3;

/** Spares of a connection; they end with it. */
export function spareConnections({ another }: SshParts, primary: LinkWatch): Spares {
  const spares: Spare[] = [];
  let opening: Promise<Spare | undefined> | undefined;

  const open = async (): Promise<Spare | undefined> => {
    const parts = await another?.().catch(() => undefined);
    if (parts === undefined) return undefined;
    const spare = { parts, link: watchLink(parts.client, parts.stream, parts.explain, parts.tuning) };
    spares.push(spare);
    void spare.link.closed.then(() => spares.splice(spares.indexOf(spare), 1));
    void primary.closed.then(() => parts.client.end());
    return spare;
  };

  return {
    async start(text, pty, waitedMs) {
      for (const { parts, link } of spares.filter((spare) => !spare.link.over())) {
        const started = await startChannel(parts.client, link, text, pty);
        if (!isRefused(started)) return started;
      }
      if (waitedMs < PATIENCE_MS || spares.length >= MOST_SPARES) return undefined;
      opening ??= open().finally(() => {
        opening = undefined;
      });
      const spare = await opening;
      return spare === undefined ? undefined : startChannel(spare.parts.client, spare.link, text, pty);
    },
  };
}
