import { readFileSync } from 'node:fs';
import { connect as tcpConnect } from 'node:net';
import ssh2 from 'ssh2';
import type { Fleet, SimHost } from '../../src/sim/types.ts';

/** What a command on a host answered. */
export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A login on a simulated host, over real SSH. */
export interface Login {
  readonly hostKey: () => string;
  run(text: string, stdin?: string | Buffer): Promise<Said>;
  /** Text into the session's own shell. */
  shell(text: string): Promise<Said>;
  readonly closed: Promise<void>;
  end(): void;
}

/** Logs in as the fleet's user. */
export async function login(fleet: Fleet, host: SimHost, more: Partial<ssh2.ConnectConfig> = {}): Promise<Login> {
  const client = new ssh2.Client();
  const sock = tcpConnect({ host: host.address, port: host.port, noDelay: true });
  let key = '';
  const closed = new Promise<void>((resolve) => {
    client.on('close', () => resolve());
  });
  await new Promise<void>((resolve, reject) => {
    client.on('error', reject).on('ready', resolve);
    client.connect({
      sock,
      username: fleet.user,
      privateKey: readFileSync(fleet.keyFile),
      hostVerifier: (shown: Buffer) => {
        key = shown.toString('base64');
        return true;
      },
      ...more,
    });
  });
  const start = (open: (done: ssh2.ClientCallback) => void, stdin: string | Buffer | undefined): Promise<Said> =>
    new Promise((resolve, reject) => {
      open((error, channel) => {
        if (error !== undefined) {
          reject(error);
          return;
        }
        const said = { out: '', err: '' };
        let code: number | null = null;
        channel.setEncoding('utf8').on('data', (text: string) => {
          said.out += text;
        });
        channel.stderr.setEncoding('utf8').on('data', (text: string) => {
          said.err += text;
        });
        channel.on('exit', (status: number | null) => {
          code = status;
        });
        channel.on('close', () => resolve({ code, ...said }));
        channel.end(stdin);
      });
    });
  return {
    hostKey: () => key,
    run: (text, stdin) => start((done) => client.exec(text, done), stdin),
    shell: (text) => start((done) => client.shell(false, done), text),
    closed,
    end: () => client.end(),
  };
}

/** One command in a login of its own. */
export async function once(fleet: Fleet, host: SimHost, text: string, stdin?: string | Buffer): Promise<Said> {
  const session = await login(fleet, host);
  try {
    return await session.run(text, stdin);
  } finally {
    session.end();
  }
}

/** Logs in as soon as the host is back from a reboot. */
export async function loginAgain(fleet: Fleet, host: SimHost): Promise<Login> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await login(fleet, host);
    } catch (error) {
      if (tries > 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}

/** Times that make a test short. */
export const QUICK = { transaction: 60, shutdown: 20, down: 60, boot: 20 } as const;
