import { createServer, type Server as TcpServer, type Socket } from 'node:net';
import ssh2 from 'ssh2';
import { runOnChannel } from './channel.ts';
import type { HostKey } from './keys.ts';
import { countCommand, faultOf, type Machine } from './machine.ts';
import { signalGroup } from './processes.ts';

/** The SSH side of one host: there while the host is up. */
export interface SshSide {
  readonly port: () => number;
  /** Does nothing where it listens already. */
  listen(): Promise<void>;
  /** Stops listening; connections stay. */
  shut(): void;
  /** Stops listening and cuts every connection. */
  leave(): void;
}

/** What the server lets in and shows. */
export interface Keys {
  /** Public key of the login user, in OpenSSH form. */
  readonly login: string;
  readonly host: HostKey;
  /** What it shows when its key was changed. */
  readonly other: HostKey;
}

/** OpenSSH's own limit. */
const MAX_SESSIONS = 10;

/** Serves a machine on its address; `ready` is awaited before the first login is let in. */
export function createSshSide(machine: Machine, address: string, keys: Keys, ready: () => void): SshSide {
  const sockets = new Set<Socket>();
  let tcp: TcpServer | undefined;
  let port = 0;
  const accept = (socket: Socket): void => {
    machine.counts.connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    if (faultOf(machine, 'silent') !== undefined) return;
    serve(machine, socket, keys, ready);
  };
  const listen = (): Promise<void> =>
    new Promise((resolve, reject) => {
      if (tcp !== undefined) {
        resolve();
        return;
      }
      tcp = createServer({ noDelay: true }, accept);
      tcp.once('error', reject);
      tcp.listen(port, address, () => {
        const bound = tcp?.address();
        if (typeof bound === 'object' && bound !== null) port = bound.port;
        resolve();
      });
    });
  machine.cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const shut = (): void => {
    tcp?.close();
    tcp = undefined;
  };
  const leave = (): void => {
    shut();
    machine.cut();
  };
  return { port: () => port, listen, shut, leave };
}

function serve(machine: Machine, socket: Socket, keys: Keys, ready: () => void): void {
  const hostKey = faultOf(machine, 'host-key-changed') === undefined ? keys.host : keys.other;
  const server = new ssh2.Server({ hostKeys: [hostKey.private], ident: 'OpenSSH_9.9' }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (auth) => {
      if (allows(machine, auth, keys.login)) auth.accept();
      else auth.reject(machine.options.loginPassword === undefined ? ['publickey'] : ['publickey', 'password']);
    });
    client.on('ready', () => {
      machine.counts.logins += 1;
      ready();
      let open = 0;
      client.on('session', (accept, reject) => {
        if (open >= MAX_SESSIONS) {
          reject();
          return;
        }
        open += 1;
        machine.counts.channels += 1;
        void serveSession(machine, accept()).then(() => {
          open -= 1;
        });
      });
    });
  });
  server.on('error', () => undefined);
  server.injectSocket(socket);
}

function allows(machine: Machine, auth: ssh2.AuthContext, login: string): boolean {
  if (machine.sshd.users?.includes(auth.username) === false) return false;
  if (faultOf(machine, 'auth-refused') !== undefined || auth.username !== machine.user) return false;
  if (auth.method === 'password') return auth.password === machine.options.loginPassword;
  if (auth.method !== 'publickey') return false;
  const key = ssh2.utils.parseKey(login);
  if (key instanceof Error || !auth.key.data.equals(key.getPublicSSH())) return false;
  if (auth.signature === undefined || auth.blob === undefined) return true;
  return key.verify(auth.blob, auth.signature, auth.hashAlgo);
}

/** One session; resolves when its channel is closed. */
function serveSession(machine: Machine, session: ssh2.Session): Promise<void> {
  return new Promise((resolve) => {
    session.on('close', () => resolve());
    session.on('pty', (accept) => accept?.());
    session.on('env', (accept) => accept?.());
    session.on('exec', (accept, _reject, { command }) => {
      countCommand(machine);
      start(machine, session, accept(), command);
    });
    session.on('shell', (accept) => start(machine, session, accept(), undefined));
  });
}

function start(
  machine: Machine,
  session: ssh2.Session,
  channel: ssh2.ServerChannel,
  command: string | undefined,
): void {
  // A channel whose connection went away reports it; the process on the host does not care.
  channel.on('error', () => undefined);
  if (faultOf(machine, 'hang') !== undefined) {
    channel.resume();
    return;
  }
  const run = (): void => {
    const child = runOnChannel(machine, channel, command);
    session.on('signal', (accept, _reject, { name }) => {
      accept?.();
      // The client's word is taken as it is; a name that is no signal is refused by the kernel's side of it.
      if (child.pid !== undefined && child.exitCode === null) signalGroup(child.pid, `SIG${name}` as NodeJS.Signals);
    });
  };
  const slow = faultOf(machine, 'slow');
  setTimeout(run, slow?.ms ?? 0);
}
