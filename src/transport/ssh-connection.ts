import type { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { channelProgram } from './channel-program.ts';
import { heldChannel } from './held-channel.ts';
import { watchLink } from './link-watch.ts';
import type { LinkWatch } from './link-watch.ts';
import { slots } from './slots.ts';
import type { Started } from './start.ts';
import { goneBefore, nothingRan, openProgram, refusesCommands, startWithin } from './start.ts';
import { supervise } from './supervise.ts';
import type { Connection } from './transport.ts';
import type { Tuning } from './tuning.ts';

/** What a connection is made of. */
export interface SshParts {
  readonly client: Client;
  readonly stream: Duplex;
  readonly detail: string;
  /** Why the stream ended, where something else than SSH knows: the jump host, the proxy command; '' otherwise. */
  readonly explain: () => string;
  readonly tuning: Tuning;
}

const CLOSE_MS = 1000;

/** A connection over a client that is logged in. */
export function sshConnection({ client, stream, detail, explain, tuning }: SshParts): Connection {
  const link = watchLink(client, stream, explain, tuning);
  const starter = {
    places: slots(tuning.channels),
    tuning,
    start: (text: string, pty: boolean) => startChannel(client, link, text, pty),
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

type ChannelError = Error & { readonly reason?: unknown };

function startChannel(client: Client, link: LinkWatch, text: string, pty: boolean): Promise<Started> {
  return new Promise((resolve, reject) => {
    if (link.over()) {
      reject(goneBefore(link.reason()));
      return;
    }
    try {
      client.exec(text, pty ? { pty: { term: 'dumb' } } : {}, (error, channel: ClientChannel) => {
        if (error === undefined) resolve(channelProgram(client, channel, link));
        else if (link.over()) resolve({ how: 'lost', reason: link.reason() });
        else if (hasReason(error)) resolve({ how: 'refused', reason: error.message });
        else reject(refusesCommands(error.message));
      });
    } catch {
      // ssh2 throws when it knows before sending anything that the connection is gone.
      reject(goneBefore(link.reason()));
    }
  });
}

/** A refused channel has a reason number (RFC 4254, 5.1); a refused command has none. */
function hasReason(error: ChannelError): boolean {
  return typeof error.reason === 'number';
}
