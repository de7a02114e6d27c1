import { writeFileSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { Fault } from '../../src/core/problem.ts';
import { sshTransport } from '../../src/transport/ssh.ts';
import type { Connection, ExecResult } from '../../src/transport/transport.ts';
import type { Tuning } from '../../src/transport/tuning.ts';
import type { FakeSshdOptions } from '../support/fake-sshd.ts';
import { startFakeSshd } from '../support/fake-sshd.ts';
import type { Faults, FaultProxy } from '../support/fault-proxy.ts';
import { startProxy } from '../support/fault-proxy.ts';
import type { Sshd } from '../support/sshd.ts';
import { NO_SSHD, startSshd, targetOf } from '../support/sshd.ts';

const QUICK: Partial<Tuning> = {
  stopGraceMs: 200,
  killGraceMs: 200,
  heldOpenMs: 200,
  keepaliveMs: 200,
  channelPatienceMs: 500,
};

let folder = '';
let sshd: Sshd | undefined;
const cleanups: (() => Promise<void>)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'copse-run-'));
  if (NO_SSHD === undefined) sshd = await startSshd();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await sshd?.stop();
});

/** A connection to the real sshd through a proxy that behaves for now. */
async function through(faults: Faults = {}, tuning = QUICK): Promise<{ proxy: FaultProxy; connection: Connection }> {
  if (sshd === undefined) throw new Error('there is no sshd');
  const proxy = await startProxy(sshd.port, faults);
  cleanups.push(() => proxy.close());
  const target = sshd.target({ port: proxy.port, hostKeyAlias: `[127.0.0.1]:${sshd.port}` });
  const connection = await sshTransport(tuning).connect(target, { signal: new AbortController().signal });
  cleanups.push(() => connection.close());
  return { proxy, connection };
}

async function directly(
  config: readonly string[],
  tuning: Partial<Tuning> = QUICK,
): Promise<{ own: Sshd; connection: Connection }> {
  const own = await startSshd({ config });
  cleanups.push(() => own.stop());
  const connection = await sshTransport(tuning).connect(own.target(), { signal: new AbortController().signal });
  cleanups.push(() => connection.close());
  return { own, connection };
}

async function faked(options: FakeSshdOptions): Promise<Connection> {
  const server = await startFakeSshd(options);
  cleanups.push(() => server.close());
  const known = join(folder, `known_${server.port}`);
  writeFileSync(known, server.known);
  const target = { ...targetOf(server.port, '/none', known), identities: [] };
  const connection = await sshTransport(QUICK).connect(target, { signal: new AbortController().signal });
  cleanups.push(() => connection.close());
  return connection;
}

/** Runs a command and does something when its first output came. */
async function whileRunning(
  connection: Connection,
  text: string,
  act: () => void,
  deadlineMs = 15_000,
): Promise<ExecResult> {
  let acted = false;
  return connection.exec({
    text,
    deadlineMs,
    onOutput: () => {
      if (!acted) act();
      acted = true;
    },
  });
}

async function faultOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.catch((failure: unknown) => failure);
  return error instanceof Fault ? `${error.problems[0]?.code ?? ''} ${error.message}` : `no fault: ${String(error)}`;
}

const BEGUN = 'echo begun; sleep 30';

describe.skipIf(NO_SSHD !== undefined)('a command whose connection', () => {
  test('is reset is lost, and keeps what it had printed', async () => {
    const { proxy, connection } = await through();

    const { ending, stdout } = await whileRunning(connection, BEGUN, () => proxy.resetAll());

    expect([ending, stdout]).toEqual([{ how: 'lost', reason: 'the connection was reset' }, 'begun\n']);
    expect(await connection.closed).toBe('the connection was reset');
  });

  test('is closed in an orderly way is lost, too', async () => {
    const { proxy, connection } = await through();

    const { ending, stdout } = await whileRunning(connection, BEGUN, () => proxy.endAll());

    expect([ending, stdout]).toEqual([{ how: 'lost', reason: 'the host closed the connection' }, 'begun\n']);
  });

  test('goes silent is lost when three signs of life did not come', async () => {
    const { proxy, connection } = await through();

    const { ending } = await whileRunning(connection, BEGUN, () => proxy.set({ blackHole: true }));

    expect(ending).toEqual({ how: 'lost', reason: 'no sign of life from the host for 600ms' });
  });

  test('goes silent ends at its deadline when that comes first', async () => {
    const { proxy, connection } = await through({}, { ...QUICK, keepaliveMs: 60_000 });

    const { ending, stdout } = await whileRunning(connection, BEGUN, () => proxy.set({ blackHole: true }), 700);

    expect([ending, stdout]).toEqual([{ how: 'timeout', afterMs: 700 }, 'begun\n']);
  });

  test('goes silent before the command started ends at its deadline', async () => {
    const { proxy, connection } = await through({}, { ...QUICK, keepaliveMs: 60_000 });
    proxy.set({ blackHole: true });

    const { ending } = await connection.exec({ text: 'true', deadlineMs: 300 });

    expect(ending).toEqual({ how: 'timeout', afterMs: 300 });
  });

  test('drips a byte at a time ends at its deadline with what came', async () => {
    const { proxy, connection } = await through();
    proxy.set({ drip: 200 });

    const { ending, stdout } = await connection.exec({ text: 'yes', deadlineMs: 1500, cap: { head: 1e6, tail: 0 } });

    expect(ending).toEqual({ how: 'timeout', afterMs: 1500 });
    expect(stdout).toMatch(/^(?:y\n)*y?$/);
  });

  test('stays as long as bytes come, however slowly the signs of life are answered', async () => {
    const { connection } = await through({ delayMs: 400 }, { ...QUICK, keepaliveMs: 300 });

    const { ending } = await connection.exec({
      text: 'for i in 1 2 3 4 5 6; do echo $i; sleep 0.3; done',
      deadlineMs: 15_000,
    });

    expect(ending).toEqual({ how: 'exit', code: 0 });
  });

  test('carries garbage from some byte on is lost, not misread', async () => {
    const { proxy, connection } = await through();

    const { ending } = await whileRunning(connection, 'while echo begun; do sleep 0.1; done', () =>
      proxy.set({ garbageAfter: 0 }),
    );

    expect(ending).toMatchObject({ how: 'lost' });
  });

  test('loses its server process is lost', async () => {
    const { own, connection } = await directly([]);
    const children = (): string => execFileSync('pgrep', ['-P', String(own.pid())], { encoding: 'utf8' }).trim();

    const { ending } = await whileRunning(connection, BEGUN, () =>
      execFileSync('kill', ['-KILL', ...children().split('\n')]),
    );

    expect(ending).toMatchObject({ how: 'lost' });
  });

  test('is lost is not started again on that connection', async () => {
    const { proxy, connection } = await through();
    proxy.resetAll();
    await connection.closed;

    expect(await faultOf(connection.exec({ text: 'true', deadlineMs: 1000 }))).toBe(
      'E_LOST the connection was gone before the command started: the connection was reset',
    );
  });

  test('is lost lets a long-lived program’s reader and writer go', async () => {
    const { proxy, connection } = await through();
    const channel = await connection.open('cat');
    await channel.write(Buffer.from('one\n'));
    const reader = channel.stdout[Symbol.asyncIterator]();
    await reader.next();

    proxy.resetAll();

    expect(await reader.next()).toMatchObject({ done: true });
    expect(await faultOf(channel.write(Buffer.from('two\n')))).toBe(
      'E_LOST the channel is gone: the connection was reset',
    );
  });

  test('is lost releases a writer that waits for a full window', async () => {
    const { proxy, connection } = await through();
    const channel = await connection.open('sleep 30');
    const writing = channel.write(Buffer.alloc(20_000_000));
    setTimeout(() => proxy.resetAll(), 100);

    expect(await faultOf(writing)).toBe('E_LOST the channel is gone: the connection was reset');
  });
});

describe.skipIf(NO_SSHD !== undefined)('a host', () => {
  test('that sends 1 GB is heard to the end in little memory', async () => {
    const { connection } = await through();
    const before = process.memoryUsage().rss;
    let most = 0;

    const { ending, truncated, stdoutBytes } = await connection.exec({
      text: 'head -c 1000000000 /dev/zero',
      deadlineMs: 120_000,
      onOutput: () => {
        most = Math.max(most, process.memoryUsage.rss());
      },
    });

    expect([ending, truncated, stdoutBytes.length]).toEqual([{ how: 'exit', code: 0 }, true, 5 * 1024 * 1024]);
    expect(most - before).toBeLessThan(200_000_000);
  }, 150_000);

  test('that floods one output while nobody writes the other is no deadlock', async () => {
    const { connection } = await through();

    const { ending, stderr } = await connection.exec({
      text: 'yes x | head -c 30000000 >&2; exit 2',
      deadlineMs: 60_000,
      cap: { head: 10, tail: 10 },
    });

    expect([ending, stderr.startsWith('x\nx\n')]).toEqual([{ how: 'exit', code: 2 }, true]);
  });

  test('that allows one channel serves commands one after the other', async () => {
    const { connection } = await directly(['MaxSessions 1']);

    const results = await Promise.all(
      Array.from({ length: 4 }, (_each, index) => connection.exec({ text: `echo ${index}`, deadlineMs: 10_000 })),
    );

    expect(results.map(({ stdout }) => stdout)).toEqual(['0\n', '1\n', '2\n', '3\n']);
  });

  test('that allows one channel, which is in use, is given another connection', async () => {
    const { connection } = await directly(['MaxSessions 1']);
    const channels = await Promise.all([connection.open('cat'), connection.open('cat')]);

    const { stdout } = await connection.exec({ text: 'echo in', deadlineMs: 10_000 });

    expect(stdout).toBe('in\n');
    for (const channel of channels) channel.close();
  });

  test('that allows no channel says so after a while', async () => {
    const { connection } = await directly(['MaxSessions 0']);

    expect(await faultOf(connection.exec({ text: 'true', deadlineMs: 10_000 }))).toMatch(
      /^E_BUSY the host refuses another channel \(.*\); 0 are in use$/,
    );
  });

  test('whose output is still coming after the exit status is heard to the end', async () => {
    const { connection } = await directly([], { ...QUICK, heldOpenMs: 1000 });

    const { ending, stdout } = await connection.exec({
      text: '(for i in 1 2 3 4 5; do sleep 0.4; echo $i; done) & exit 3',
      deadlineMs: 30_000,
    });

    expect([ending, stdout]).toEqual([{ how: 'exit', code: 3 }, '1\n2\n3\n4\n5\n']);
  });

  test('that changes its session keys all the time is understood', async () => {
    const { connection } = await directly(['RekeyLimit 1M'], { ...QUICK, heldOpenMs: 1000 });

    const { ending, stdoutBytes } = await connection.exec({
      text: 'cat',
      stdin: Buffer.alloc(10_000_000, 'k'),
      deadlineMs: 30_000,
      cap: { head: 10_000_000, tail: 0 },
    });

    expect([ending, stdoutBytes.length]).toEqual([{ how: 'exit', code: 0 }, 10_000_000]);
  });

  test('whose clock jumps while a command runs changes nothing', async () => {
    const { connection } = await through();
    vi.useFakeTimers({ toFake: ['Date'] });
    cleanups.push(() => Promise.resolve(void vi.useRealTimers()));

    const running = connection.exec({ text: 'sleep 0.5; exit 3', deadlineMs: 5000 });
    vi.setSystemTime(Date.now() + 86_400_000);

    expect((await running).ending).toEqual({ how: 'exit', code: 3 });
  });
});

describe('a server', () => {
  test('that closes a channel without an exit code is not given one', async () => {
    const connection = await faked({ onExec: (channel) => channel.close() });

    const { ending } = await connection.exec({ text: 'x', deadlineMs: 5000 });

    expect(ending).toMatchObject({ how: 'lost' });
  });

  test('that exits without closing is not waited for', async () => {
    const connection = await faked({
      onExec: (channel) => {
        channel.write('out');
        channel.exit(5);
      },
    });

    const { ending, stdout } = await connection.exec({ text: 'x', deadlineMs: 5000 });

    expect([ending, stdout]).toEqual([{ how: 'held-open', code: 5 }, 'out']);
  });

  test('is told TERM, then KILL, even after stdin was closed', async () => {
    const signals: string[] = [];
    const connection = await faked({ onSignal: (name) => signals.push(name) });

    const { ending } = await connection.exec({ text: 'x', deadlineMs: 200 });

    expect([ending, signals]).toEqual([{ how: 'timeout', afterMs: 200 }, ['TERM', 'KILL']]);
  });

  test('that refuses commands is not asked again', async () => {
    const connection = await faked({ refuseCommands: true });

    expect(await faultOf(connection.exec({ text: 'x', deadlineMs: 5000 }))).toBe(
      'E_UNSUPPORTED the host refuses to run a command: Unable to exec',
    );
  });

  test('that disconnects with a reason is quoted', async () => {
    const connection = await faked({
      onConnection: (server) => setTimeout(() => disconnect(server, 2), 100),
    });

    const { ending } = await connection.exec({ text: 'x', deadlineMs: 5000 });

    expect(ending).toEqual({ how: 'lost', reason: 'PROTOCOL_ERROR' });
  });
});

function disconnect(server: unknown, reason: number): void {
  (server as { _protocol: { disconnect(number: number): void } })._protocol.disconnect(reason);
}
