import { Readable, Writable } from 'node:stream';
import type { MuxSocket } from './mux-socket.ts';
import type { Exit, Program } from './program.ts';
import type { WireReader } from './wire.ts';
import { sshString, uint32 } from './wire.ts';

/** Message numbers of the connection layer (RFC 4250, 4.1.2). */
export const MESSAGE = {
  open: 90,
  opened: 91,
  openFailed: 92,
  window: 93,
  data: 94,
  moreData: 95,
  eof: 96,
  close: 97,
  request: 98,
  success: 99,
  failure: 100,
} as const;

/** What each side may send before it has to be allowed more. */
export const WINDOW = 2 * 1024 * 1024;
const PACKET = 32 * 1024;
const DRAIN_MS = 200;

/** Our side and the host's side of a channel: each has a number of its own for it. */
export interface ChannelPlace {
  readonly mux: MuxSocket;
  readonly remote: number;
  /** Bytes we may send at first, and per packet. */
  readonly window: number;
  readonly packet: number;
  readonly lostReason: () => string;
}

/** A channel as a program, and what the connection tells it. */
export interface MuxChannel {
  readonly program: Program;
  onMessage(type: number, body: WireReader): void;
  /** The connection is gone. */
  onLost(): void;
}

/** A session channel on which a command was accepted. */
export function muxChannel(place: ChannelPlace): MuxChannel {
  const { mux, remote } = place;
  const send = (type: number, ...parts: readonly Buffer[]): void => mux.send(type, uint32(remote), ...parts);
  let exit: Exit;
  let closing = false;
  let over = false;
  const stdout = incoming((bytes) => send(MESSAGE.window, uint32(bytes)));
  const stderr = incoming((bytes) => send(MESSAGE.window, uint32(bytes)));
  const stdin = outgoing(place, send);
  const exited = deferred();
  const closed = deferred();
  const close = (): void => {
    if (closing || over) return;
    closing = true;
    send(MESSAGE.close);
  };
  const end = (): void => {
    if (over) return;
    over = true;
    stdin.stop();
    stdout.stream.push(null);
    stderr.stream.push(null);
    // Like a child process: closed means that both outputs were read to their end.
    void Promise.all([ended(stdout.stream), ended(stderr.stream)]).then(() => closed.resolve(exit));
  };

  return {
    program: {
      stdin: stdin.stream,
      stdout: stdout.stream,
      stderr: stderr.stream,
      exited: exited.promise,
      closed: closed.promise,
      lostReason: place.lostReason,
      signal(name) {
        if (!over) send(MESSAGE.request, sshString('signal'), Buffer.of(0), sshString(name));
      },
      drop: close,
    },
    onMessage(type, body) {
      if (type === MESSAGE.data) stdout.take(body.string());
      else if (type === MESSAGE.moreData && body.uint32() === 1) stderr.take(body.string());
      else if (type === MESSAGE.window) stdin.grant(body.uint32());
      else if (type === MESSAGE.request) {
        exit ??= exitIn(body);
        if (exit !== undefined) exited.resolve(exit);
      } else if (type === MESSAGE.close) {
        close();
        end();
      }
    },
    onLost() {
      end();
      // What arrived may still be read; a channel that nobody reads would never close.
      setTimeout(() => closed.resolve(exit), DRAIN_MS);
    },
  };
}

/** `exit-status` and `exit-signal`; every other request says nothing about the end. */
function exitIn(body: WireReader): Exit {
  const name = body.string().toString();
  body.byte();
  if (name === 'exit-status') return { code: body.uint32() };
  return name === 'exit-signal' ? { signal: `SIG${body.string().toString()}` } : undefined;
}

interface Incoming {
  readonly stream: Readable;
  take(bytes: Buffer): void;
}

/** A stream that allows the host to send more only as fast as it is read. */
function incoming(allow: (bytes: number) => void): Incoming {
  let owed = 0;
  const pay = (): void => {
    if (owed === 0) return;
    allow(owed);
    owed = 0;
  };
  const stream = new Readable({ highWaterMark: WINDOW, read: pay });
  stream.on('error', () => undefined);
  return {
    stream,
    take(bytes) {
      owed += bytes.length;
      // Dropped streams take everything, so that the command can end.
      const wanted = stream.destroyed || stream.readableEnded || stream.push(Buffer.from(bytes));
      if (wanted && owed >= WINDOW / 2) pay();
    },
  };
}

interface Outgoing {
  readonly stream: Writable;
  grant(bytes: number): void;
  stop(): void;
}

/** A stream that sends only what the host allows. */
function outgoing(place: ChannelPlace, send: (type: number, ...parts: readonly Buffer[]) => void): Outgoing {
  let window = place.window;
  let waiting: { bytes: Buffer; done: (error?: Error) => void } | undefined;
  let stopped = false;
  const flush = (): void => {
    if (waiting === undefined) return;
    let { bytes } = waiting;
    while (bytes.length > 0 && window > 0) {
      const part = bytes.subarray(0, Math.min(window, place.packet, PACKET));
      send(MESSAGE.data, sshString(part));
      window -= part.length;
      bytes = bytes.subarray(part.length);
    }
    const { done } = waiting;
    waiting = bytes.length === 0 ? undefined : { bytes, done };
    if (bytes.length === 0) done();
  };
  const stream = new Writable({
    highWaterMark: WINDOW,
    write(chunk: Buffer, _encoding, done) {
      if (stopped) {
        done(new Error('the command takes no more input'));
        return;
      }
      waiting = { bytes: chunk, done };
      flush();
    },
    final(done) {
      if (!stopped) send(MESSAGE.eof);
      done();
    },
  });
  stream.on('error', () => undefined);
  return {
    stream,
    grant(bytes) {
      window += bytes;
      flush();
    },
    stop() {
      stopped = true;
      waiting?.done(new Error('the command takes no more input'));
      waiting = undefined;
    },
  };
}

function ended(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.readableEnded || stream.destroyed) resolve();
    else stream.once('end', resolve).once('close', resolve);
  });
}

function deferred(): { promise: Promise<Exit>; resolve: (exit: Exit) => void } {
  let resolve: (exit: Exit) => void = () => undefined;
  const promise = new Promise<Exit>((resolve_) => {
    resolve = resolve_;
  });
  return { promise, resolve };
}
