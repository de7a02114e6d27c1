import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { WireReader } from './wire.ts';
import { sshString, uint32, wireReader } from './wire.ts';

/**
 * The socket of a running `ssh` master, switched to its proxy mode: from then on both sides speak the connection layer
 * of SSH (RFC 4254) in plain packets, and ssh does the encryption. Facts: OpenSSH's PROTOCOL.mux.
 */
export interface MuxSocket {
  send(type: number, ...parts: readonly Buffer[]): void;
  /** Called with each packet's type and what follows it. Set before anything is sent. */
  onPacket(listener: (type: number, body: WireReader) => void): void;
  /** Resolves when the master is gone. */
  readonly closed: Promise<void>;
  destroy(): void;
}

const HELLO = 0x00000001;
const VERSION = 4;
const TERMINATE = 0x10000005;
const PROXY = 0x1000000f;
const PROXY_ANSWER = 0x8000000f;
/** A master answers at once; a hung one is given up. */
const ANSWER_MS = 10_000;

/** Connects to a master's control socket; rejects with a plain sentence when it does not talk as expected. */
export async function openMux(path: string): Promise<MuxSocket> {
  const socket = connect(path);
  const packets = reader(socket);
  socket.on('error', () => undefined);
  socket.setTimeout(ANSWER_MS, () => socket.destroy());
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(Buffer.concat([message(uint32(HELLO), uint32(VERSION)), message(uint32(PROXY), uint32(0))]));
  const hello = await packets.next();
  if (hello === undefined) throw new Error('the ssh master closed its control socket');
  const body = wireReader(hello);
  if (body.uint32() !== HELLO || body.uint32() !== VERSION) throw new Error('the ssh master speaks another version');
  const answer = await packets.next();
  if (answer === undefined || wireReader(answer).uint32() !== PROXY_ANSWER) {
    socket.destroy();
    throw new Error('the ssh master refuses to share its connection (OpenSSH 7.4 or later is needed)');
  }
  socket.setTimeout(0);
  return {
    send(type, ...parts) {
      // A length, no padding, the type: ssh adds everything else.
      if (socket.writable) socket.write(message(Buffer.of(0, type), ...parts));
    },
    onPacket(listener) {
      packets.each((packet) => {
        const content = wireReader(packet);
        content.byte();
        listener(content.byte(), content);
      });
    },
    closed,
    destroy: () => socket.destroy(),
  };
}

/** Tells a master to end, with every connection over it. Resolves when its socket is closed, or was already. */
export function endMaster(path: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.write(Buffer.concat([message(uint32(HELLO), uint32(VERSION)), message(uint32(TERMINATE), uint32(0))]));
    });
    socket.setTimeout(1000, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.resume();
  });
}

function message(...parts: readonly Buffer[]): Buffer {
  return sshString(Buffer.concat(parts));
}

interface Packets {
  /** The next packet, or undefined when the socket ends first. */
  next(): Promise<Buffer | undefined>;
  /** From now on every packet goes here. */
  each(listener: (packet: Buffer) => void): void;
}

function reader(socket: Socket): Packets {
  const ready: Buffer[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let ended = false;
  let take: ((packet: Buffer | undefined) => void) | undefined;
  let listener: ((packet: Buffer) => void) | undefined;
  const give = (packet: Buffer): void => {
    if (listener !== undefined) listener(packet);
    else if (take === undefined) ready.push(packet);
    else take(packet);
  };
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
      const end = 4 + rest.readUInt32BE();
      const packet = rest.subarray(4, end);
      rest = rest.subarray(end);
      give(packet);
    }
  });
  socket.once('close', () => {
    ended = true;
    take?.(undefined);
  });
  return {
    next: () =>
      new Promise((resolve) => {
        const packet = ready.shift();
        if (packet !== undefined || ended) resolve(packet);
        else {
          take = (taken) => {
            take = undefined;
            resolve(taken);
          };
        }
      }),
    each(next) {
      listener = next;
      for (const packet of ready.splice(0)) next(packet);
    },
  };
}
