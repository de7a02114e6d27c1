import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** What goes wrong on the way. A fault can be switched on and off while connections are open. */
export interface Faults {
  /** Every byte arrives this many milliseconds later, in each direction. */
  readonly delayMs?: number;
  /** Bytes per second from the server, one at a time: a link that never gets anywhere. */
  readonly drip?: number;
  /** Swallow everything in both directions, and never close: packets dropped on the way. */
  readonly blackHole?: boolean;
  /** Reset the connection when this many bytes came from the server. */
  readonly resetAfter?: number;
  /** End the connection in an orderly way when this many bytes came from the server. */
  readonly cutAfter?: number;
  /** Text the client is sent before anything of the server. */
  readonly greeting?: string;
  /** Lines without end instead of the server. */
  readonly flood?: boolean;
  /** Accept and reset at once. */
  readonly refuse?: boolean;
  /** Accept, send `greeting` if there is one, and end: what a busy or unwilling sshd does. */
  readonly turnAway?: boolean;
  /** Bytes that replace the server's from this offset on. */
  readonly garbageAfter?: number;
}

/** A TCP proxy on 127.0.0.1 that can spoil connections. */
export interface FaultProxy {
  readonly port: number;
  /** Connections accepted so far. */
  readonly accepted: () => number;
  /** Bytes that went each way so far, over all connections. */
  readonly bytes: () => { readonly up: number; readonly down: number };
  /** How often the direction of traffic turned to "client speaks": round trips as the wire saw them. */
  readonly turns: () => number;
  /** Changes the faults, for open connections too. */
  set(faults: Faults): void;
  /** Resets every open connection. */
  resetAll(): void;
  /** Ends every open connection in an orderly way. */
  endAll(): void;
  close(): Promise<void>;
}

/** Starts a proxy to `port` on 127.0.0.1 (or another host). Close it in `afterEach`. */
export async function startProxy(port: number, initial: Faults = {}, host = '127.0.0.1'): Promise<FaultProxy> {
  const state: State = { faults: initial, pairs: new Set(), clients: new Set(), accepted: 0, up: 0, down: 0, turns: 0 };
  const server = createServer({ noDelay: true, pauseOnConnect: true }, (client) => accept(state, client, port, host));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return {
    port: portOf(server),
    accepted: () => state.accepted,
    bytes: () => ({ up: state.up, down: state.down }),
    turns: () => state.turns,
    set(faults) {
      state.faults = faults;
      for (const pair of state.pairs) pair.wake();
    },
    resetAll() {
      for (const pair of state.pairs) pair.reset();
    },
    endAll() {
      for (const pair of state.pairs) pair.end();
    },
    close: () => closeAll(server, state),
  };
}

interface State {
  faults: Faults;
  readonly pairs: Set<Pair>;
  readonly clients: Set<Socket>;
  accepted: number;
  up: number;
  down: number;
  turns: number;
}

interface Pair {
  reset(): void;
  end(): void;
  /** The faults changed. */
  wake(): void;
}

function accept(state: State, client: Socket, port: number, host: string): void {
  state.accepted += 1;
  state.clients.add(client);
  client.on('close', () => state.clients.delete(client));
  client.on('error', () => undefined);
  const { faults } = state;
  if (faults.refuse === true) {
    client.resetAndDestroy();
    return;
  }
  if (faults.greeting !== undefined) client.write(faults.greeting);
  if (faults.turnAway === true) {
    client.end();
    client.resume();
    return;
  }
  if (faults.flood === true) {
    flood(client);
    return;
  }
  join(state, client, connect({ port, host, noDelay: true }));
}

function flood(client: Socket): void {
  const lines = Buffer.from('this host talks and talks and never says who it is\r\n'.repeat(200));
  const more = (): void => {
    while (!client.destroyed && client.write(lines));
  };
  client.on('drain', more);
  client.resume();
  more();
}

function join(state: State, client: Socket, server: Socket): void {
  let down = 0;
  let speaking: 'client' | 'server' | undefined;
  server.on('error', () => client.resetAndDestroy());
  const toServer = lane(state, server);
  const toClient = lane(state, client);
  const pair: Pair = {
    reset() {
      client.resetAndDestroy();
      server.destroy();
    },
    end() {
      client.end();
      server.end();
    },
    wake() {
      toServer.wake();
      toClient.wake();
    },
  };
  state.pairs.add(pair);
  client.on('data', (chunk) => {
    if (speaking !== 'client') state.turns += 1;
    speaking = 'client';
    state.up += chunk.length;
    toServer.push(chunk, false);
  });
  server.on('data', (chunk) => {
    speaking = 'server';
    const { resetAfter, cutAfter, garbageAfter } = state.faults;
    const limit = Math.min(resetAfter ?? Number.POSITIVE_INFINITY, cutAfter ?? Number.POSITIVE_INFINITY);
    const passed = chunk.subarray(0, Math.max(0, limit - down));
    toClient.push(garbageAfter === undefined ? passed : spoilt(passed, garbageAfter - down), true);
    down += chunk.length;
    state.down += chunk.length;
    if (down < limit) return;
    if (resetAfter === undefined) pair.end();
    else pair.reset();
  });
  client.on('end', () => toServer.end());
  server.on('end', () => toClient.end());
  const gone = (): void => {
    state.pairs.delete(pair);
    client.destroy();
    server.destroy();
  };
  client.on('close', gone);
  server.on('close', () => {
    // A black hole does not even pass on the end.
    if (state.faults.blackHole !== true) setTimeout(gone, (state.faults.delayMs ?? 0) + 50);
  });
  client.resume();
}

interface Lane {
  push(chunk: Buffer, dripping: boolean): void;
  end(): void;
  wake(): void;
}

/** One direction: bytes wait here for their time; an end waits behind them. */
function lane(state: State, to: Socket): Lane {
  const queue: { readonly at: number; readonly chunk: Buffer | undefined }[] = [];
  let timer: NodeJS.Timeout | undefined;
  const run = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (state.faults.blackHole === true) return;
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      const wait = first.at - performance.now();
      if (wait > 0) {
        timer = setTimeout(run, wait);
        return;
      }
      queue.shift();
      if (first.chunk === undefined) to.end();
      else if (to.writable) to.write(first.chunk);
    }
  };
  const add = (chunk: Buffer | undefined, at: number): void => {
    queue.push({ at, chunk });
    if (timer === undefined) run();
  };
  return {
    push(chunk, dripping) {
      const { drip, delayMs, blackHole } = state.faults;
      if (blackHole === true || chunk.length === 0) return;
      const now = performance.now() + (delayMs ?? 0);
      if (drip === undefined || !dripping) add(chunk, now);
      else for (const [index, byte] of chunk.entries()) add(Buffer.of(byte), now + ((index + 1) * 1000) / drip);
    },
    end() {
      add(undefined, performance.now() + (state.faults.delayMs ?? 0));
    },
    wake: run,
  };
}

function spoilt(chunk: Buffer, from: number): Buffer {
  const copy = Buffer.from(chunk);
  copy.fill(0xff, Math.min(copy.length, Math.max(0, from)));
  return copy;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function closeAll(server: Server, { clients }: State): Promise<void> {
  for (const client of clients) client.resetAndDestroy();
  return new Promise((resolve) => server.close(() => resolve()));
}
