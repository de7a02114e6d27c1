import type { Client, ClientChannel } from 'ssh2';
import { channelProgram } from './channel-program.ts';
import type { LinkWatch } from './link-watch.ts';
import type { Started } from './start.ts';
import { goneBefore, refusesCommands } from './start.ts';

type ChannelError = Error & { readonly reason?: unknown };

/** Asks for a channel and runs the text on it. Rejects with a Fault when nothing was run and nothing will be. */
export function startChannel(client: Client, link: LinkWatch, text: string, pty: boolean): Promise<Started> {
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
