import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import type { AuthContext, Connection, ServerChannel } from 'ssh2';
import ssh2 from 'ssh2';

/** What a made-up sshd does where a real one cannot be made to. */
export interface FakeSshdOptions {
  /** Decides about each login; everybody is let in when absent. */
  readonly onLogin?: (context: AuthContext, connection: Connection) => void;
  /** A command was accepted; nothing answers it when absent. */
  readonly onExec?: (channel: ServerChannel, command: string) => void;
  /** Every command is refused, though the channel is not. */
  readonly refuseCommands?: boolean;
  /** Called with each signal that the client sends to a command. */
  readonly onSignal?: (name: string) => void;
  readonly onConnection?: (connection: Connection) => void;
  /** Listen on this address instead of 127.0.0.1. */
  readonly host?: string;
}

/** A made-up sshd in this process. */
export interface FakeSshd {
  readonly port: number;
  /** A line for known_hosts. */
  readonly known: string;
  close(): Promise<void>;
}

const HOST_KEY = ssh2.utils.generateKeyPairSync('ed25519');

/** Starts a made-up sshd on a free port. Close it in `afterEach`. */
export async function startFakeSshd(options: FakeSshdOptions = {}): Promise<FakeSshd> {
  const host = options.host ?? '127.0.0.1';
  const connections = new Set<Connection>();
  const sshd = new ssh2.Server({ hostKeys: [HOST_KEY.private] }, (connection) => {
    connections.add(connection);
    connection.on('error', () => undefined);
    connection.on('close', () => connections.delete(connection));
    connection.on('authentication', (context) => (options.onLogin ?? ((any) => any.accept()))(context, connection));
    connection.on('ready', () => {
      watchSignals(connection, (name) => options.onSignal?.(name));
      options.onConnection?.(connection);
    });
    connection.on('session', (accept) => {
      const session = accept();
      session.on('exec', (acceptExec, reject, { command }) => {
        if (options.refuseCommands === true) reject();
        else {
          const channel = acceptExec();
          channel.on('error', () => undefined);
          options.onExec?.(channel, command);
        }
      });
    });
  });
  // ssh2 does not set TCP_NODELAY: each answer would wait for an acknowledgement.
  const server = createServer({ noDelay: true }, (socket) => sshd.injectSocket(socket));
  await new Promise<void>((resolve) => server.listen(0, host, () => resolve()));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    known: `[${host}]:${port} ${HOST_KEY.public}\n`,
    close: () => {
      for (const connection of connections) connection.end();
      return new Promise((resolve) => {
        server.close(() => resolve());
        setTimeout(() => resolve(), 500).unref();
      });
    },
  };
}

type OnRequest = (protocol: unknown, channel: number, type: string, reply: boolean, data: unknown) => void;

/** ssh2's server hides signals once a command runs; its message handler sees them. */
function watchSignals(connection: Connection, onSignal: (name: string) => void): void {
  const { _protocol: protocol } = connection as unknown as { _protocol: { _handlers: { CHANNEL_REQUEST: OnRequest } } };
  const original = protocol._handlers.CHANNEL_REQUEST;
  protocol._handlers.CHANNEL_REQUEST = (...args) => {
    if (args[2] === 'signal') onSignal(String(args[4]));
    original(...args);
  };
}
