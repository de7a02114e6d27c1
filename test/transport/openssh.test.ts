import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Fault } from '../../src/core/problem.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Target } from '../../src/core/target.ts';
import { opensshTransport } from '../../src/transport/openssh.ts';
import type { Connection, ConnectOptions } from '../../src/transport/transport.ts';
import type { FaultProxy } from '../support/fault-proxy.ts';
import { startProxy } from '../support/fault-proxy.ts';
import type { Sshd } from '../support/sshd.ts';
import { freePort, makeKey, NO_SSHD, startSshd } from '../support/sshd.ts';

const hasSsh = spawnSync('ssh', ['-V']).status === 0;
const before = new Set(leftFolders());
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Folders of masters in the temporary folder. */
function leftFolders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('copse-ssh-'));
}

describe.skipIf(NO_SSHD !== undefined || !hasSsh)('the ssh program', () => {
  let sshd: Sshd;
  let folder = '';
  let proxy: FaultProxy;
  const target = (changed: Partial<Target> = {}): Target => sshd.target({ transport: 'openssh', ...changed });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'copse-openssh-'));
    makeKey(join(folder, 'locked'), 'ed25519', 'open sesame');
    makeKey(join(folder, 'stranger'), 'ed25519');
    sshd = await startSshd();
    const own = execFileSync('cat', [join(folder, 'locked.pub'), `${sshd.identity}.pub`], { encoding: 'utf8' });
    writeFileSync(join(sshd.folder, 'authorized_keys'), own);
  });
  afterAll(async () => {
    await sshd.stop();
    rmSync(folder, { recursive: true, force: true });
    expect(leftFolders().filter((name) => !before.has(name))).toEqual([]);
  });

  async function open(to: Target, more: Partial<ConnectOptions> = {}): Promise<Connection> {
    const transport = opensshTransport({ keepaliveMs: 1000, stopGraceMs: 200, killGraceMs: 200 });
    const connection = await transport.connect(to, { signal: new AbortController().signal, ...more });
    cleanups.push(() => connection.close());
    return connection;
  }

  async function faultOf(promise: Promise<unknown>): Promise<string> {
    const error: unknown = await promise.catch((failure: unknown) => failure);
    return error instanceof Fault ? `${error.problems[0]?.code ?? ''} ${error.message}` : `no fault: ${String(error)}`;
  }

  async function throughProxy(): Promise<Connection> {
    proxy = await startProxy(sshd.port);
    cleanups.push(() => proxy.close());
    return open(target({ port: proxy.port, hostKeyAlias: `[127.0.0.1]:${sshd.port}` }));
  }

  test('says how it got in', async () => {
    expect((await open(target())).detail).toMatch(
      /^\S+@web1 \(127\.0\.0\.1:\d+\) over OpenSSH_\S+ by publickey, [a-z0-9@.-]+, host key ssh-ed25519 SHA256:/,
    );
  });

  test.each<[title: string, changed: () => Promise<Partial<Target>>, fault: RegExp]>([
    ['nothing listens', async () => ({ port: await freePort() }), /^E_CONNECT ssh could not log in to web1 .*refused/],
    [
      'the host key is unknown',
      () => Promise.resolve({ knownHosts: ['/dev/null'] }),
      /^E_HOSTKEY ssh could not log in to web1 .*verification failed/,
    ],
    [
      'the key is refused',
      () => Promise.resolve({ identities: [join(folder, 'stranger')] }),
      /^E_AUTH ssh could not log in to web1 .*Permission denied/,
    ],
    ['a key needs a passphrase', () => Promise.resolve({ identities: [join(folder, 'locked')] }), /^E_AUTH /],
    [
      'the inventory has a password',
      () => Promise.resolve({ password: new Secret('x') }),
      /^E_UNSUPPORTED the ssh program takes no password/,
    ],
  ])('tells why it cannot: %s', async (_title, changed, fault) => {
    expect(await faultOf(open(target(await changed())))).toMatch(fault);
  });

  test('puts its questions to the person', async () => {
    const asked: string[] = [];
    const ask: ConnectOptions['ask'] = ({ prompt }) => {
      asked.push(prompt);
      return Promise.resolve('open sesame');
    };

    const connection = await open(target({ identities: [join(folder, 'locked')] }), { ask });

    expect((await connection.exec({ text: 'echo in', deadlineMs: 5000 })).stdout).toBe('in\n');
    expect(asked).toEqual([expect.stringContaining(join(folder, 'locked'))]);
  });

  test('takes a person who does not answer for a no', async () => {
    const ask: ConnectOptions['ask'] = () => Promise.reject(new Error('interrupted'));

    expect(await faultOf(open(target({ identities: [join(folder, 'locked')] }), { ask }))).toMatch(/^E_AUTH /);
  });

  test('is given up when the host is silent', async () => {
    const silent = await startProxy(sshd.port, { blackHole: true });
    cleanups.push(() => silent.close());

    expect(await faultOf(open(target({ port: silent.port, connectTimeoutMs: 1000 })))).toMatch(
      /^E_(?:CONNECT|TIMEOUT) /,
    );
  });

  test('is stopped with the run', async () => {
    const silent = await startProxy(sshd.port, { blackHole: true });
    cleanups.push(() => silent.close());
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 200);

    expect(await faultOf(open(target({ port: silent.port }), { signal: stop.signal }))).toMatch(/^E_ABORTED /);
  });

  test('tells of a reset connection', async () => {
    const connection = await throughProxy();

    const { ending, stdout } = await connection.exec({
      text: 'echo begun; sleep 30',
      deadlineMs: 15_000,
      onOutput: () => proxy.resetAll(),
    });

    expect([ending.how, stdout]).toEqual(['lost', 'begun\n']);
    expect(await faultOf(connection.exec({ text: 'true', deadlineMs: 1000 }))).toMatch(/^E_LOST /);
  });

  test('notices a silent connection', async () => {
    const connection = await throughProxy();

    const { ending } = await connection.exec({
      text: 'echo begun; sleep 30',
      deadlineMs: 15_000,
      onOutput: () => proxy.set({ blackHole: true }),
    });

    expect(ending.how).toBe('lost');
  });

  test('keeps a connection that has nothing to do', async () => {
    const connection = await open(target());
    await new Promise((resolve) => setTimeout(resolve, 1500));

    expect((await connection.exec({ text: 'echo in', deadlineMs: 5000 })).stdout).toBe('in\n');
  });
});
