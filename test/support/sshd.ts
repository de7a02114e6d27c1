import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Target } from '../../src/core/target.ts';

/** What may be different from a plain sshd that takes one ed25519 key. */
export interface SshdOptions {
  /** Lines for sshd_config, such as `MaxSessions 1`, `ForceCommand /bin/false`. They win over the defaults here. */
  readonly config?: readonly string[];
  /** Types of host keys; `ed25519` when absent. */
  readonly hostKeys?: readonly ('ed25519' | 'rsa' | 'ecdsa')[];
  /** Files to hold authorized keys instead of the fresh client key: whole lines. */
  readonly authorizedKeys?: readonly string[];
  /** Use this port again, as after a reboot. */
  readonly port?: number;
}

/** A real sshd on 127.0.0.1, of its own, in a temporary folder. */
export interface Sshd {
  readonly port: number;
  readonly folder: string;
  /** Private key file that may log in; its public half is beside it. */
  readonly identity: string;
  /** known_hosts file that names this sshd. */
  readonly knownHosts: string;
  readonly pid: () => number;
  /** A target that can log in; `changed` wins. */
  target(changed?: Partial<Target>): Target;
  log(): string;
  /** Ends it and starts it again on the same port, with more lines for its configuration. */
  restart(config?: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

const SBIN = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/usr/lib/ssh/sshd', '/opt/homebrew/sbin/sshd'];

/** Path of this machine's sshd, or undefined; sshd wants to be started with its absolute path. */
export const SSHD: string | undefined = SBIN.find((path) => existsSync(path));

/** Why tests against a real sshd cannot run here, printed once; undefined when they can. */
export const NO_SSHD: string | undefined =
  SSHD === undefined
    ? 'tests against a real sshd are skipped: there is no sshd here (install openssh-server)'
    : undefined;
if (NO_SSHD !== undefined) process.stdout.write(`${NO_SSHD}\n`);

/** Starts an sshd and waits until it listens. Stop it in `afterEach` or `afterAll`. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  if (SSHD === undefined) throw new Error('there is no sshd here');
  const folder = mkdtempSync(join(tmpdir(), 'copse-sshd-'));
  chmodSync(folder, 0o755);
  const types = options.hostKeys ?? ['ed25519'];
  for (const type of types) makeKey(join(folder, `host_${type}`), type);
  const identity = join(folder, 'id_ed25519');
  makeKey(identity, 'ed25519');
  const port = options.port ?? (await freePort());
  const authorized = options.authorizedKeys ?? [readFileSync(`${identity}.pub`, 'utf8').trim()];
  writeFileSync(join(folder, 'authorized_keys'), `${authorized.join('\n')}\n`);
  writeFileSync(join(folder, 'sshd_config'), config(folder, port, types, options.config ?? []));
  const knownHosts = join(folder, 'known_hosts');
  const known = types.map((type) => `[127.0.0.1]:${port} ${readFileSync(join(folder, `host_${type}.pub`), 'utf8')}`);
  writeFileSync(knownHosts, known.join(''));
  let child = start(folder);
  await listening(port, child, folder);
  return {
    port,
    folder,
    identity,
    knownHosts,
    pid: () => child.pid ?? 0,
    target: (changed = {}) => ({ ...targetOf(port, identity, knownHosts), ...changed }),
    log: () => logOf(folder),
    async restart(more = []) {
      await end(child);
      writeFileSync(join(folder, 'sshd_config'), config(folder, port, types, [...more, ...(options.config ?? [])]));
      child = start(folder);
      await listening(port, child, folder);
    },
    async stop() {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Makes a key pair at `path` and `path`.pub. */
export function makeKey(
  path: string,
  type: 'ed25519' | 'rsa' | 'ecdsa',
  passphrase = '',
  extra: string[] = [],
): string {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', 'copse test', '-f', path, ...extra]);
  return path;
}

/** A port that nobody listens on at the moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** A target on 127.0.0.1 that asks nobody and uses no agent. */
export function targetOf(port: number, identity: string, knownHosts: string): Target {
  return {
    name: 'web1',
    address: '127.0.0.1',
    port,
    user: userInfo().username,
    transport: 'ssh',
    identities: [identity],
    identitiesOnly: true,
    agent: undefined,
    password: undefined,
    passphrase: undefined,
    hostKeyPolicy: 'strict',
    hostKeyAlias: undefined,
    knownHosts: [knownHosts],
    jump: [],
    proxyCommand: undefined,
    connectTimeoutMs: 10_000,
  };
}

function config(folder: string, port: number, types: readonly string[], own: readonly string[]): string {
  return [
    // sshd takes the first value it sees.
    ...own,
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    ...types.map((type) => `HostKey ${join(folder, `host_${type}`)}`),
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    `PidFile ${join(folder, 'sshd.pid')}`,
    'UsePAM no',
    'StrictModes no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UseDNS no',
    'PrintMotd no',
    'LogLevel DEBUG1',
    'MaxStartups 100',
    // Otherwise the .bashrc of whoever runs the tests is part of every command.
    `SetEnv HOME=${folder}`,
    '',
  ].join('\n');
}

function start(folder: string): ChildProcess {
  // Wanted by sshd for its privilege separation, and gone after a reboot of a container.
  if (!existsSync('/run/sshd') && process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const args = ['-D', '-f', join(folder, 'sshd_config'), '-E', join(folder, 'sshd.log')];
  return spawn(SSHD ?? 'sshd', args, { stdio: 'ignore' });
}

async function listening(port: number, child: ChildProcess, folder: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (child.exitCode !== null) throw new Error(`sshd ended with ${child.exitCode}: ${logOf(folder)}`);
    if (await answers(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`sshd does not listen on ${port}: ${logOf(folder)}`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function logOf(folder: string): string {
  const path = join(folder, 'sshd.log');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill();
    await ended;
  }
}
