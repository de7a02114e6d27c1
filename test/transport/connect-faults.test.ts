import { writeFileSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Fault } from '../../src/core/problem.ts';
import type { Target } from '../../src/core/target.ts';
import { sshTransport } from '../../src/transport/ssh.ts';
import type { Connection } from '../../src/transport/transport.ts';
import type { Tuning } from '../../src/transport/tuning.ts';
import type { FakeSshdOptions } from '../support/fake-sshd.ts';
import { startFakeSshd } from '../support/fake-sshd.ts';
import type { Faults, FaultProxy } from '../support/fault-proxy.ts';
import { startProxy } from '../support/fault-proxy.ts';
import type { Sshd } from '../support/sshd.ts';
import { freePort, NO_SSHD, startSshd, targetOf } from '../support/sshd.ts';

const QUICK: Partial<Tuning> = { retryMs: 20, connectTries: 3 };

let folder = '';
let sshd: Sshd | undefined;
const cleanups: (() => Promise<void>)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'copse-connect-'));
  if (NO_SSHD === undefined) sshd = await startSshd({ config: ['RekeyLimit 1M'] });
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await sshd?.stop();
});

async function connect(target: Target, signal = new AbortController().signal, tuning = QUICK): Promise<Connection> {
  const connection = await sshTransport(tuning).connect(target, { signal });
  cleanups.push(() => connection.close());
  return connection;
}

async function faultOf(target: Target, signal?: AbortSignal): Promise<string> {
  const error: unknown = await connect(target, signal).catch((failure: unknown) => failure);
  if (!(error instanceof Fault)) return `no fault: ${String(error)}`;
  return `${error.problems[0]?.code ?? ''} ${error.message.replaceAll(/:\d{4,5}\b/g, ':PORT')}`;
}

/** A proxy before the real sshd, and a target that goes through it. */
async function through(faults: Faults, changed: Partial<Target> = {}): Promise<{ proxy: FaultProxy; target: Target }> {
  if (sshd === undefined) throw new Error('there is no sshd');
  const proxy = await startProxy(sshd.port, faults);
  cleanups.push(() => proxy.close());
  const target = sshd.target({
    port: proxy.port,
    hostKeyAlias: `[127.0.0.1]:${sshd.port}`,
    connectTimeoutMs: 800,
    ...changed,
  });
  return { proxy, target };
}

async function fake(options: FakeSshdOptions, changed: Partial<Target> = {}): Promise<Target> {
  const server = await startFakeSshd(options);
  cleanups.push(() => server.close());
  const known = join(folder, `known_${server.port}`);
  writeFileSync(known, server.known);
  return { ...targetOf(server.port, '/none', known), identities: [], connectTimeoutMs: 800, ...changed };
}

/** A plain TCP server that says this and nothing else. */
async function says(text: string | Buffer): Promise<Target> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  cleanups.push(() => new Promise((resolve) => server.close(() => resolve())));
  return { ...targetOf(port, '/none', '/none'), identities: [], connectTimeoutMs: 800 };
}

describe('a host that cannot be reached', () => {
  test('refuses the connection', async () => {
    const target = targetOf(await freePort(), '/none', '/none');

    expect(await faultOf(target)).toBe(
      'E_CONNECT web1 (127.0.0.1:PORT) cannot be reached: connection refused: nothing listens there',
    );
  });

  test('has a name that does not resolve', async () => {
    const target = { ...targetOf(22, '/none', '/none'), name: 'nowhere', address: 'nowhere.invalid' };

    expect(await faultOf(target)).toMatch(
      /^E_CONNECT nowhere \(nowhere\.invalid:22\) cannot be reached: (its name does not resolve|the name server did not answer)$/,
    );
  });

  test('accepts and says nothing, as a stopped sshd does', async () => {
    expect(await faultOf(await says(''))).toBe(
      'E_TIMEOUT web1 (127.0.0.1:PORT) did not get past the SSH banner within 800ms',
    );
  });

  test('speaks another protocol', async () => {
    expect(await faultOf(await says('HTTP/1.1 400 Bad Request\r\n\r\n'))).toBe(
      'E_TIMEOUT web1 (127.0.0.1:PORT) did not get past the SSH banner within 800ms; it said: "HTTP/1.1 400 Bad Request"',
    );
  });

  test('sends binary noise', async () => {
    expect(await faultOf(await says(Buffer.alloc(2000, 0xff)))).toMatch(/^E_(?:CONNECT|TIMEOUT) /);
  });

  test('talks without end and never shows a banner', async () => {
    const proxy = await startProxy(1, { flood: true });
    cleanups.push(() => proxy.close());
    const target = { ...targetOf(proxy.port, '/none', '/none'), identities: [] };

    expect(await faultOf(target)).toMatch(/^E_CONNECT web1 \(127\.0\.0\.1:PORT\) does not speak SSH: /);
  });

  test('sends garbage after its banner, and is given up at once', async () => {
    const target = await says(Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), Buffer.alloc(100, 0xff)]));

    expect(await faultOf({ ...target, connectTimeoutMs: 600_000 })).toMatch(
      /^E_CONNECT web1 \(127\.0\.0\.1:PORT\) and copse found no common ground: /,
    );
  });

  test('does not offer any way to agree on keys', async () => {
    const banner = 'SSH-2.0-OpenSSH_99\r\n';
    const target = await says(Buffer.concat([Buffer.from(banner), postQuantumOnly()]));

    const error: unknown = await connect(target).catch((failure: unknown) => failure);

    expect(error).toBeInstanceOf(Fault);
    expect((error as Fault).problems[0]).toMatchObject({
      code: 'E_CONNECT',
      hint: 'the ssh program may know more: copse_transport: openssh',
    });
  });

  test('never answers the login', async () => {
    const target = await fake({ onLogin: () => undefined });

    expect(await faultOf(target)).toBe('E_TIMEOUT web1 (127.0.0.1:PORT) did not get past the login within 1.6s');
  });

  test('breaks off during the login', async () => {
    const target = await fake({ onLogin: (_context, connection) => connection.end() });

    expect(await faultOf(target)).toBe(
      'E_CONNECT the login of "root" on web1 (127.0.0.1:PORT) broke off: the host closed the connection',
    );
  });
});

describe.skipIf(NO_SSHD !== undefined)('an sshd behind a bad network', () => {
  test('is reached when it turned away the first tries', async () => {
    const { proxy, target } = await through({ turnAway: true });
    const timer = setInterval(() => {
      if (proxy.accepted() >= 2) proxy.set({});
    }, 1);
    cleanups.push(() => Promise.resolve(clearInterval(timer)));

    const connection = await connect(target);

    expect((await connection.exec({ text: 'echo in', deadlineMs: 5000 })).stdout).toBe('in\n');
    expect(proxy.accepted()).toBe(3);
  });

  test('says in its own words why it turned us away, after the last try', async () => {
    const { proxy, target } = await through({ turnAway: true, greeting: 'Not allowed at this time\r\n' });

    expect(await faultOf(target)).toBe(
      'E_CONNECT web1 (127.0.0.1:PORT) closed the connection before the SSH banner was through; it said: "Not allowed at this time"',
    );
    expect(proxy.accepted()).toBe(3);
  });

  test('is tried again when the connection is reset before the banner', async () => {
    const { proxy, target } = await through({ refuse: true });

    expect(await faultOf(target)).toBe(
      'E_CONNECT web1 (127.0.0.1:PORT) cannot be reached: the connection was reset at once',
    );
    expect(proxy.accepted()).toBe(3);
  });

  test('is tried again when the connection is reset in the key exchange', async () => {
    const { proxy, target } = await through({ resetAfter: 300 });

    expect(await faultOf(target)).toBe(
      'E_CONNECT web1 (127.0.0.1:PORT) closed the connection before the key exchange was through',
    );
    expect(proxy.accepted()).toBe(3);
  });

  test('that vanishes in the key exchange is given up at the deadline, which names it', async () => {
    const { proxy, target } = await through({ delayMs: 100 });
    const timer = setInterval(() => {
      if (proxy.bytes().down > 30) proxy.set({ blackHole: true });
    }, 1);
    cleanups.push(() => Promise.resolve(clearInterval(timer)));

    expect(await faultOf(target)).toMatch(
      /^E_TIMEOUT web1 \(127\.0\.0\.1:PORT\) did not get past (the SSH banner|the key exchange) within 800ms$/,
    );
  });

  test('is reached over a slow link', async () => {
    const { target } = await through({ delayMs: 150 }, { connectTimeoutMs: 10_000 });

    const connection = await connect(target);

    expect((await connection.exec({ text: 'echo in', deadlineMs: 5000 })).stdout).toBe('in\n');
  });

  test('hears from us five times until we are logged in, and four times for a command', async () => {
    const { proxy, target } = await through({}, { connectTimeoutMs: 10_000 });
    const seen = async (): Promise<{ readonly login: number; readonly command: number }> => {
      const before = proxy.turns();
      const connection = await connect(target);
      const login = proxy.turns() - before;
      await connection.exec({ text: 'true', deadlineMs: 10_000 });
      return { login, command: proxy.turns() - before - login };
    };

    // Messages that cross on the wire look like more round trips than there are, and never like fewer: the least of some tries is the truth.
    const tries = [];
    for (let left = 8; left > 0; left -= 1) tries.push(await seen());

    expect(Math.min(...tries.map(({ login }) => login))).toBeLessThanOrEqual(5);
    expect(Math.min(...tries.map(({ command }) => command))).toBeLessThanOrEqual(4);
  });

  test.each([
    ['before the banner', { blackHole: true }],
    ['in the key exchange', { delayMs: 300 }],
  ])('is left at once when the run is interrupted %s', async (_title, faults) => {
    const { target } = await through(faults, { connectTimeoutMs: 600_000 });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);

    expect(await faultOf(target, stop.signal)).toBe('E_ABORTED interrupted while connecting to web1 (127.0.0.1:PORT)');
  });

  test('with few places for new connections takes all of thirty', async () => {
    const busy = await startSshd({ config: ['MaxStartups 4:100:5'] });
    cleanups.push(() => busy.stop());
    const transport = sshTransport({ retryMs: 50, connectTries: 10, unauthenticated: 5 });
    const { signal } = new AbortController();

    const connections = await Promise.all(
      Array.from({ length: 30 }, () => transport.connect(busy.target(), { signal })),
    );

    expect(connections.length).toBe(30);
    await Promise.all(connections.map((connection) => connection.close()));
  });

  test('is reached over IPv6', async () => {
    const target = await fake({ host: '::1' }, { address: '::1' }).catch(() => undefined);
    if (target === undefined) {
      process.stdout.write('IPv6 is not tested: this machine has no ::1\n');
      return;
    }

    expect((await connect(target)).detail).toContain('web1 ([::1]:');
  });
});

/** A key exchange offer that knows only an algorithm of the future. */
function postQuantumOnly(): Buffer {
  const names = [
    'mlkem768x25519-sha256',
    'ssh-ed25519',
    'aes128-ctr',
    'aes128-ctr',
    'hmac-sha2-256',
    'hmac-sha2-256',
    'none',
    'none',
    '',
    '',
  ];
  const lists = names.map((name) => Buffer.concat([uint32(name.length), Buffer.from(name)]));
  const payload = Buffer.concat([Buffer.of(20), Buffer.alloc(16, 7), ...lists, Buffer.of(0), uint32(0)]);
  const padding = 8 - ((payload.length + 5) % 8) + 8;
  return Buffer.concat([uint32(payload.length + padding + 1), Buffer.of(padding), payload, Buffer.alloc(padding)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
