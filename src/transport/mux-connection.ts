import { heldChannel } from './held-channel.ts';
import type { MuxChannel } from './mux-channel.ts';
import { MESSAGE, muxChannel, WINDOW } from './mux-channel.ts';
import type { MuxSocket } from './mux-socket.ts';
import { slots } from './slots.ts';
import type { Started } from './start.ts';
import { goneBefore, nothingRan, openProgram, refusesCommands, startWithin } from './start.ts';
import { supervise } from './supervise.ts';
import type { Connection } from './transport.ts';
import type { Tuning } from './tuning.ts';
import type { WireReader } from './wire.ts';
import { sshString, uint32 } from './wire.ts';

/** What a connection over a master is made of. */
export interface MuxParts {
  readonly mux: MuxSocket;
  readonly detail: string;
  readonly tuning: Tuning;
  /** Why the master ended, in its own words; '' when it said nothing. */
  readonly explain: () => Promise<string>;
  /** Ends the master and removes what it left. */
  readonly end: () => Promise<void>;
}

/** A connection whose channels are ours and whose transport is a running `ssh`. */
export function muxConnection({ mux, detail, tuning, explain, end }: MuxParts): Connection {
  const places = new Map<number, Place>();
  let next = 0;
  let ours = false;
  let reason: string | undefined;
  mux.onPacket((type, body) => {
    const id = type >= MESSAGE.opened && type <= MESSAGE.failure ? body.uint32() : -1;
    places.get(id)?.onMessage(type, body);
    if (type === MESSAGE.close || type === MESSAGE.openFailed) places.delete(id);
  });
  const closed = mux.closed.then(async () => {
    reason = ours ? 'closed by copse' : (await explain()) || 'the ssh program ended';
    for (const place of places.values()) place.onLost();
    places.clear();
    await end();
    return reason;
  });
  const starter = {
    places: slots(tuning.channels),
    tuning,
    start: (text: string, pty: boolean): Promise<Started> =>
      new Promise((resolve, reject) => {
        if (reason !== undefined) {
          reject(goneBefore(reason));
          return;
        }
        const id = next;
        next += 1;
        const lostReason = (): string => reason ?? 'the host closed the channel';
        places.set(id, opening({ mux, text, pty, lostReason, resolve, reject }));
        mux.send(MESSAGE.open, sshString('session'), uint32(id), uint32(WINDOW), uint32(PACKET));
      }),
  };

  return {
    detail,
    closed,
    async exec(request) {
      const startedAt = performance.now();
      const started = await startWithin(starter, request);
      return 'how' in started ? nothingRan(started, startedAt) : supervise(started, request, { startedAt, tuning });
    },
    open: async (text) => heldChannel(await openProgram(starter, text)),
    async close() {
      ours = true;
      mux.destroy();
      await closed;
    },
  };
}

const PACKET = 32 * 1024;

/** What the connection tells a channel, from its opening on. */
type Place = Pick<MuxChannel, 'onMessage' | 'onLost'>;

interface Opening {
  readonly mux: MuxSocket;
  readonly text: string;
  readonly pty: boolean;
  readonly lostReason: () => string;
  readonly resolve: (started: Started) => void;
  readonly reject: (error: Error) => void;
}

/** A channel that is being opened; becomes a program when the host accepts the command. */
function opening({ mux, text, pty, lostReason, resolve, reject }: Opening): Place {
  let channel: MuxChannel | undefined;
  let accepted = false;
  const accept = (body: WireReader): void => {
    const [remote, window, packet] = [body.uint32(), body.uint32(), body.uint32()];
    channel = muxChannel({ mux, remote, window, packet, lostReason });
    const request = (name: string, reply: number, ...parts: readonly Buffer[]): void =>
      mux.send(MESSAGE.request, uint32(remote), sshString(name), Buffer.of(reply), ...parts);
    if (pty) request('pty-req', 0, sshString('dumb'), ...[80, 24, 640, 480].map(uint32), sshString(Buffer.of(0)));
    request('exec', 1, sshString(text));
  };
  return {
    onMessage(type, body) {
      if (type === MESSAGE.opened) accept(body);
      else if (type === MESSAGE.openFailed) {
        body.uint32();
        resolve({ how: 'refused', reason: body.string().toString() });
      } else if (type === MESSAGE.success && channel !== undefined) {
        accepted = true;
        resolve(channel.program);
      } else if (type === MESSAGE.failure && !accepted) {
        channel?.program.drop();
        reject(refusesCommands('it answered with a failure'));
      } else channel?.onMessage(type, body);
    },
    onLost() {
      channel?.onLost();
      if (!accepted) resolve({ how: 'lost', reason: lostReason() });
    },
  };
}
