import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fault } from '../core/problem.ts';
import type { Target } from '../core/target.ts';
import { onAbort } from './abort.ts';
import { askpass } from './askpass.ts';
import { called, interrupted, tooSlow } from './connect-fault.ts';
import { endMaster } from './mux-socket.ts';
import { masterFailure } from './openssh-failure.ts';
import type { Phase } from './phase.ts';
import { startPhase } from './phase.ts';
import { person } from './person.ts';
import type { ConnectOptions } from './transport.ts';
import type { Tuning } from './tuning.ts';

/** A running `ssh` that keeps one connection and listens on a control socket. */
export interface Master {
  readonly socket: string;
  /** What it logged; removed by `end`. */
  log(): Promise<string>;
  /** Ends it and removes its folder. */
  end(): Promise<void>;
}

// A control socket's path is limited to about 100 bytes, and ssh appends 17 while it makes one.
const LONGEST_FOLDER = 70;
/** How long a master without users stays, as when copse was killed. */
const IDLE_SECONDS = 15;

/** Starts `ssh` in the background and waits until it is logged in. Throws a Fault. */
export async function startMaster(target: Target, options: ConnectOptions, tuning: Tuning): Promise<Master> {
  const place = tmpdir().length > LONGEST_FOLDER ? '/tmp' : tmpdir();
  const folder = await mkdtemp(join(place, 'copse-ssh-'));
  const socket = join(folder, 's');
  const logFile = join(folder, 'log');
  const log = async (): Promise<string> => readFile(logFile, 'utf8').catch(() => '');
  const asked = person(options.ask);
  const helper = asked.ask === undefined ? undefined : await askpass(folder, asked.ask);
  try {
    const args = masterArgs(target, { socket, logFile, canAsk: helper !== undefined, tuning });
    const env = helper === undefined ? process.env : { ...process.env, ...helper.env };
    await untilLoggedIn(target, args, { env, signal: options.signal, onPhase: (phase) => asked.during(phase), log });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  } finally {
    helper?.end();
  }
  return {
    socket,
    log,
    async end() {
      await endMaster(socket);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface MasterPlaces {
  readonly socket: string;
  readonly logFile: string;
  readonly canAsk: boolean;
  readonly tuning: Tuning;
}

/** Words for `ssh`: only what the inventory says; its own configuration says the rest. */
function masterArgs(target: Target, { socket, logFile, canAsk, tuning }: MasterPlaces): string[] {
  const seconds = (ms: number): string => String(Math.max(1, Math.ceil(ms / 1000)));
  const settings: Record<string, string | undefined> = {
    ControlMaster: 'yes',
    ControlPath: socket,
    ControlPersist: String(IDLE_SECONDS),
    LogLevel: 'DEBUG1',
    BatchMode: canAsk ? 'no' : 'yes',
    ServerAliveInterval: seconds(tuning.keepaliveMs),
    ServerAliveCountMax: '2',
    ConnectTimeout: seconds(target.connectTimeoutMs),
    StrictHostKeyChecking: target.hostKeyPolicy === 'strict' ? 'yes' : target.hostKeyPolicy,
    UserKnownHostsFile: target.knownHosts.length === 0 ? undefined : target.knownHosts.map(quoted).join(' '),
    GlobalKnownHostsFile: target.knownHosts.length === 0 ? undefined : 'none',
    HostKeyAlias: target.hostKeyAlias,
    IdentitiesOnly: target.identitiesOnly ? 'yes' : undefined,
    ProxyCommand: target.proxyCommand,
    ProxyJump: target.jump.length === 0 ? undefined : target.jump.map(hop).join(','),
    ClearAllForwardings: 'yes',
    PermitLocalCommand: 'no',
    RemoteCommand: 'none',
    RequestTTY: 'no',
    ForwardX11: 'no',
  };
  const words = Object.entries(settings).flatMap(([name, value]) =>
    value === undefined ? [] : ['-o', `${name}=${value}`],
  );
  const keys = target.identities.flatMap((path) => ['-i', path]);
  return [
    '-f',
    '-N',
    '-E',
    logFile,
    ...words,
    ...keys,
    '-p',
    String(target.port),
    '-l',
    target.user,
    '--',
    target.address,
  ];
}

function quoted(path: string): string {
  return `"${path}"`;
}

function hop({ user, address, port }: Target): string {
  return `${user}@${address.includes(':') ? `[${address}]` : address}:${port}`;
}

interface Waiting {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly onPhase: (phase: Phase) => void;
  readonly log: () => Promise<string>;
}

/** `ssh -f` ends with 0 once it is logged in and its master runs in the background. */
function untilLoggedIn(target: Target, args: readonly string[], { env, signal, onPhase, log }: Waiting): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('ssh', args, { env, stdio: 'ignore' });
    let forget = (): void => undefined;
    const end = (error?: Error): void => {
      phase.end();
      forget();
      if (error === undefined) {
        resolve();
        return;
      }
      child.kill('SIGKILL');
      reject(error);
    };
    // ssh itself has a deadline for connection, banner and key exchange; this one is for the login as well.
    const limit = target.connectTimeoutMs * 3;
    const phase = startPhase('the login', { limit, since: performance.now() }, (during) => {
      end(tooSlow(target, during, limit));
    });
    onPhase(phase);
    forget = onAbort(signal, () => end(interrupted(target)));
    child.once('error', (error) => end(noSsh(target, error)));
    child.once('exit', (code) => {
      if (code === 0) end();
      else void log().then((text) => end(masterFailure(target, text)));
    });
  });
}

function noSsh(target: Target, error: Error): Error {
  return fault(
    {
      code: 'E_UNSUPPORTED',
      message: `${called(target)} is to be reached with the ssh program, which cannot be run: ${error.message}`,
      hint: 'install the OpenSSH client, or say copse_transport: ssh',
    },
    error,
  );
}
