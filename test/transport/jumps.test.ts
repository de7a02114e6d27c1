import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Fault } from '../../src/core/problem.ts';
import type { Target } from '../../src/core/target.ts';
import { sshTransport } from '../../src/transport/ssh.ts';
import type { Connection, Transport } from '../../src/transport/transport.ts';
import { startProxy } from '../support/fault-proxy.ts';
import type { Sshd } from '../support/sshd.ts';
import { freePort, NO_SSHD, startSshd } from '../support/sshd.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(transport: Transport, target: Target, signal = new AbortController().signal): Promise<Connection> {
  const connection = await transport.connect(target, { signal });
  cleanups.push(() => connection.close());
  return connection;
}

async function faultOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.catch((failure: unknown) => failure);
  if (!(error instanceof Fault)) return `no fault: ${String(error)}`;
  return `${error.problems[0]?.code ?? ''} ${error.message.replaceAll(/:\d{4,5}\b/g, ':PORT')}`;
}

describe.skipIf(NO_SSHD !== undefined)('a host behind jump hosts', () => {
  let host: Sshd;
  let outer: Sshd;
  let inner: Sshd;
  const asHop = (sshd: Sshd, name: string, changed: Partial<Target> = {}): Target => sshd.target({ name, ...changed });

  beforeAll(async () => {
    [host, outer, inner] = await Promise.all([startSshd(), startSshd(), startSshd()]);
  });
  afterAll(async () => {
    await Promise.all([host, outer, inner].map((sshd) => sshd.stop()));
  });

  test('is reached over one hop, and over two', async () => {
    const transport = sshTransport();
    const one = await open(transport, host.target({ jump: [asHop(outer, 'outer')] }));
    const two = await open(transport, host.target({ jump: [asHop(outer, 'outer'), asHop(inner, 'inner')] }));

    const results = await Promise.all(
      [one, two].map((connection) => connection.exec({ text: 'echo in', deadlineMs: 5000 })),
    );

    expect(results.map(({ stdout }) => stdout)).toEqual(['in\n', 'in\n']);
  });

  test('shares one connection to the jump host with all its neighbours', async () => {
    const proxy = await startProxy(outer.port);
    cleanups.push(() => proxy.close());
    const jump = [asHop(outer, 'outer', { port: proxy.port, hostKeyAlias: `[127.0.0.1]:${outer.port}` })];
    const transport = sshTransport();

    const connections = await Promise.all(Array.from({ length: 20 }, () => open(transport, host.target({ jump }))));

    expect(connections.length).toBe(20);
    expect(proxy.accepted()).toBe(1);
  });

  test('opens another connection to the jump host above its number of tunnels', async () => {
    const proxy = await startProxy(outer.port);
    cleanups.push(() => proxy.close());
    const jump = [asHop(outer, 'outer', { port: proxy.port, hostKeyAlias: `[127.0.0.1]:${outer.port}` })];
    const transport = sshTransport({ tunnels: 2 });

    await Promise.all(Array.from({ length: 5 }, () => open(transport, host.target({ jump }))));

    expect(proxy.accepted()).toBe(3);
  });

  test('is lost with its jump host, and says so', async () => {
    const proxy = await startProxy(outer.port);
    cleanups.push(() => proxy.close());
    const jump = [asHop(outer, 'outer', { port: proxy.port, hostKeyAlias: `[127.0.0.1]:${outer.port}` })];
    const connection = await open(sshTransport(), host.target({ jump }));

    const { ending } = await connection.exec({
      text: 'echo begun; sleep 30',
      deadlineMs: 15_000,
      onOutput: () => proxy.resetAll(),
    });

    expect(ending).toEqual({
      how: 'lost',
      reason: `the host closed the connection; the jump host outer (127.0.0.1:${proxy.port}) is gone: the connection was reset`,
    });
  });

  test('is reached again over a new connection after its jump host was lost', async () => {
    const proxy = await startProxy(outer.port);
    cleanups.push(() => proxy.close());
    const jump = [asHop(outer, 'outer', { port: proxy.port, hostKeyAlias: `[127.0.0.1]:${outer.port}` })];
    const transport = sshTransport();
    const first = await open(transport, host.target({ jump }));
    proxy.resetAll();
    await first.closed;

    const second = await open(transport, host.target({ jump }));

    expect((await second.exec({ text: 'echo in', deadlineMs: 5000 })).stdout).toBe('in\n');
  });

  test('that is down says that it cannot be reached from there', async () => {
    const port = await freePort();

    expect(await faultOf(open(sshTransport(), host.target({ port, jump: [asHop(outer, 'outer')] })))).toMatch(
      /^E_CONNECT web1 \(127\.0\.0\.1:PORT\) cannot be reached from the jump host outer \(127\.0\.0\.1:PORT\): /,
    );
  });

  test('that is silent is given up at its deadline', async () => {
    const silent = await startProxy(host.port, { blackHole: true });
    cleanups.push(() => silent.close());
    const target = host.target({ port: silent.port, jump: [asHop(outer, 'outer')], connectTimeoutMs: 600 });

    expect(await faultOf(open(sshTransport(), target))).toBe(
      'E_TIMEOUT web1 (127.0.0.1:PORT) did not get past the SSH banner within 600ms',
    );
  });

  test('whose jump host is down says which one', async () => {
    const port = await freePort();

    expect(await faultOf(open(sshTransport(), host.target({ jump: [asHop(outer, 'outer', { port })] })))).toBe(
      'E_CONNECT web1 (127.0.0.1:PORT) is behind the jump host outer (127.0.0.1:PORT): outer (127.0.0.1:PORT) cannot be reached: connection refused: nothing listens there',
    );
  });

  test('whose jump host does not let us in says so', async () => {
    const jump = [asHop(outer, 'outer', { identities: [] })];

    expect(await faultOf(open(sshTransport(), host.target({ jump })))).toMatch(
      /^E_AUTH web1 \(127\.0\.0\.1:PORT\) is behind the jump host outer \(127\.0\.0\.1:PORT\): login refused for /,
    );
  });

  test('whose jump host forbids tunnels says what to look at', async () => {
    const strict = await startSshd({ config: ['AllowTcpForwarding no'] });
    cleanups.push(() => strict.stop());
    const error: unknown = await open(sshTransport(), host.target({ jump: [asHop(strict, 'strict')] })).catch(
      (failure: unknown) => failure,
    );

    expect(error instanceof Fault ? error.problems[0] : error).toMatchObject({
      code: 'E_CONNECT',
      hint: 'see AllowTcpForwarding and PermitOpen in the sshd_config of the jump host',
    });
  });

  test('does not hold up an interrupted run while its jump host is silent', async () => {
    const silent = await startProxy(outer.port, { blackHole: true });
    cleanups.push(() => silent.close());
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    const jump = [asHop(outer, 'outer', { port: silent.port })];

    expect(await faultOf(open(sshTransport(), host.target({ jump }), stop.signal))).toBe(
      'E_ABORTED interrupted while connecting to web1 (127.0.0.1:PORT)',
    );
  });
});

describe.skipIf(NO_SSHD !== undefined)('a host behind a proxy command', () => {
  let host: Sshd;
  let folder = '';
  const command = (port: number): string =>
    `${process.execPath} -e 'const s=require("net").connect(${port},"127.0.0.1");process.stdin.pipe(s).pipe(process.stdout)' %h %p %r %%`;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'copse-proxy-'));
    host = await startSshd();
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await host.stop();
  });

  test('is reached through the command', async () => {
    const connection = await open(sshTransport(), host.target({ proxyCommand: command(host.port) }));

    expect((await connection.exec({ text: 'echo in', deadlineMs: 5000 })).stdout).toBe('in\n');
  });

  test('that cannot be run says what the command said', async () => {
    const target = host.target({ proxyCommand: 'sh -c "echo no way to %h:%p >&2; exit 1"' });

    expect(await faultOf(open(sshTransport({ connectTries: 1 }), target))).toBe(
      'E_CONNECT web1 (127.0.0.1:PORT) closed the connection before the SSH banner was through; it said: "no way to 127.0.0.1:PORT"',
    );
  });

  test('is lost when the command ends', async () => {
    const proxy = await startProxy(host.port);
    cleanups.push(() => proxy.close());
    const connection = await open(sshTransport(), host.target({ proxyCommand: command(proxy.port) }));

    const { ending } = await connection.exec({
      text: 'echo begun; sleep 30',
      deadlineMs: 15_000,
      onOutput: () => proxy.endAll(),
    });

    expect(ending).toMatchObject({ how: 'lost' });
  });
});
