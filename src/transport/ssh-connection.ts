import { heldChannel } from './held-channel.ts';
import { watchLink } from './link-watch.ts';
import { slots } from './slots.ts';
import { spareConnections } from './spare-connections.ts';
import type { SshParts } from './ssh-parts.ts';
import { startChannel } from './start-channel.ts';
import type { Started } from './start.ts';
import { isRefused, nothingRan, openProgram, startWithin } from './start.ts';
import { supervise } from './supervise.ts';
import type { Connection } from './transport.ts';

const CLOSE_MS = 1000;

/** A connection over a client that is logged in. */
export function sshConnection(parts: SshParts): Connection {
  const { client, stream, detail, explain, tuning } = parts;
  const link = watchLink(client, stream, explain, tuning);
  const spares = spareConnections(parts, link);
  const starter = {
    places: slots(tuning.channels),
    tuning,
    start: async (text: string, pty: boolean, waitedMs: number): Promise<Started> => {
      const started = await startChannel(client, link, text, pty);
      return isRefused(started) ? ((await spares.start(text, pty, waitedMs)) ?? started) : started;
    },
  };

  return {
    detail,
    closed: link.closed,
    async exec(request) {
      const startedAt = performance.now();
      const started = await startWithin(starter, request);
      return 'how' in started ? nothingRan(started, startedAt) : supervise(started, request, { startedAt, tuning });
    },
    open: async (text) => heldChannel(await openProgram(starter, text)),
    async close() {
      link.closing();
      client.end();
      const timer = setTimeout(() => stream.destroy(), CLOSE_MS);
      await link.closed;
      clearTimeout(timer);
    },
  };
}
