import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { Fault } from '../../src/core/problem.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Target } from '../../src/core/target.ts';
import { localTransport } from '../../src/transport/local.ts';
import { opensshTransport } from '../../src/transport/openssh.ts';
import { sshTransport } from '../../src/transport/ssh.ts';
import type { Connection, ExecRequest, Transport } from '../../src/transport/transport.ts';
import type { Tuning } from '../../src/transport/tuning.ts';
import type { Sshd } from '../support/sshd.ts';
import { NO_SSHD, startSshd, targetOf } from '../support/sshd.ts';

const hasSsh = spawnSync('ssh', ['-V']).status === 0;
if (!hasSsh) process.stdout.write('tests of the openssh transport are skipped: there is no ssh here\n');

const QUICK: Partial<Tuning> = { stopGraceMs: 300, killGraceMs: 300, heldOpenMs: 300 };
const KINDS: readonly [name: string, transport: Transport, skipped: boolean][] = [
  ['local', localTransport(QUICK), false],
  ['ssh', sshTransport(QUICK), NO_SSHD !== undefined],
  ['openssh', opensshTransport(QUICK), NO_SSHD !== undefined || !hasSsh],
];

describe.each(KINDS)('the %s transport', (name, transport, skipped) => {
  let sshd: Sshd | undefined;
  let connection: Connection;
  const connect = (changed: Partial<Target> = {}): Promise<Connection> => {
    const target = sshd?.target(changed) ?? targetOf(0, '/none', '/none');
    return transport.connect(target, { signal: new AbortController().signal });
  };

  beforeAll(async () => {
    if (skipped) return;
    if (name !== 'local') sshd = await startSshd();
    connection = await connect();
  });
  afterAll(async () => {
    if (skipped) return;
    await connection.close();
    await sshd?.stop();
  });

  const it = test.skipIf(skipped);
  const run = (text: string, more: Partial<ExecRequest> = {}) => connection.exec({ text, deadlineMs: 15_000, ...more });

  it('gives the exit code and both outputs', async () => {
    const { ms, ...result } = await run('echo out; echo err >&2; exit 7');

    expect(result).toEqual({
      ending: { how: 'exit', code: 7 },
      stdout: 'out\n',
      stderr: 'err\n',
      stdoutBytes: Buffer.from('out\n'),
      truncated: false,
    });
    expect(ms).toBeGreaterThan(0);
  });

  it('tells a signal from an exit code', async () => {
    expect((await run('kill -KILL $$')).ending).toEqual({ how: 'signal', signal: 'SIGKILL' });
  });

  it('knows an exit code of 255 from a lost connection', async () => {
    expect((await run('exit 255')).ending).toEqual({ how: 'exit', code: 255 });
  });

  it('ends stdin when there is none', async () => {
    expect((await run('cat; echo end')).stdout).toBe('end\n');
  });

  it.each([
    ['text', 'grün\n'],
    ['a secret', new Secret('grün\n')],
    ['bytes', Buffer.from('grün\n')],
    ['a stream', chunks('gr', 'ün', '\n')],
  ])('feeds %s to stdin', async (_title, stdin) => {
    expect((await run('cat', { stdin })).stdout).toBe('grün\n');
  });

  it('carries 3 MB of any bytes both ways unharmed', async () => {
    const bytes = Buffer.alloc(3_000_000, Buffer.from(Array.from({ length: 251 }, (_each, index) => index)));

    const { stdoutBytes } = await run('cat', { stdin: bytes });

    expect(sha256(stdoutBytes)).toBe(sha256(bytes));
  });

  it('does not wait for input that a command leaves unread', async () => {
    const { ending, stdout } = await run('head -c 3; exit 4', { stdin: Buffer.alloc(12_000_000, 'x') });

    expect([ending, stdout]).toEqual([{ how: 'exit', code: 4 }, 'xxx']);
  });

  it('does not wait for a source that has nothing more once the command ended', async () => {
    async function* never(): AsyncIterable<Bytes> {
      yield Buffer.from('one\n');
      await new Promise(() => undefined);
    }

    expect((await run('read line; echo "$line"', { stdin: never() })).stdout).toBe('one\n');
  });

  it('fails as the source of stdin fails, and stops the command', async () => {
    async function* broken(): AsyncIterable<Bytes> {
      yield Buffer.from('one\n');
      await Promise.resolve();
      throw new Error('the disk is gone');
    }

    await expect(run('cat; sleep 60', { stdin: broken() })).rejects.toThrow('the disk is gone');
  });

  it('keeps the head and the tail of 20 MB, and hands on all of it', async () => {
    let seen = 0;
    const onOutput = (_stream: string, chunk: Bytes): void => {
      seen += chunk.length;
    };

    const result = await run('echo first; yes 0123456789abcde | head -c 20000000; echo last', {
      onOutput,
      cap: { head: 1000, tail: 500 },
    });

    expect(seen).toBe(20_000_011);
    expect(result.truncated).toBe(true);
    expect(result.stdoutBytes.length).toBe(1500);
    expect(result.stdout.startsWith('first\n0123456789abcde\n')).toBe(true);
    expect(result.stdout).toContain('\n[19.1M dropped here]\n');
    expect(result.stdout.endsWith('last\n')).toBe(true);
  });

  it('drains both outputs when a command fills both', async () => {
    const { ending, stdoutBytes, stderr } = await run(
      'yes o | head -c 6000000 & yes e | head -c 6000000 >&2 & wait; exit 5',
      { cap: { head: 6_000_000, tail: 0 } },
    );

    expect([ending, stdoutBytes.length, stderr.length]).toEqual([{ how: 'exit', code: 5 }, 6_000_000, 6_000_000]);
  });

  it('gives a command that closed its outputs early the time it needs', async () => {
    expect((await run('exec >&- 2>&-; sleep 0.3; exit 6')).ending).toEqual({ how: 'exit', code: 6 });
  });

  it('does not wait for children that hold the output open', async () => {
    const { ending, stdout, ms } = await run('echo begun; sleep 30 & exit 3');

    expect([ending, stdout]).toEqual([{ how: 'held-open', code: 3 }, 'begun\n']);
    expect(ms).toBeLessThan(15_000);
  });

  it('stops at the deadline, and keeps what was printed', async () => {
    const { ending, stdout, ms } = await run('echo begun; exec sleep 60', { deadlineMs: 400 });

    expect([ending, stdout]).toEqual([{ how: 'timeout', afterMs: 400 }, 'begun\n']);
    expect(ms).toBeLessThan(10_000);
  });

  it('stops what does not want to stop', async () => {
    const { ending, ms } = await run('trap "" TERM HUP; echo begun; while :; do sleep 1; done', { deadlineMs: 400 });

    expect(ending).toEqual({ how: 'timeout', afterMs: 400 });
    expect(ms).toBeLessThan(10_000);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const running = run('echo begun; exec sleep 60', { signal: stop.signal, onOutput: () => stop.abort() });

    expect((await running).ending).toEqual({ how: 'aborted' });
  });

  it('runs nothing when it was told to stop before', async () => {
    const { ending } = await run('echo begun', { signal: AbortSignal.abort() });

    expect(ending).toEqual({ how: 'aborted' });
  });

  it('runs thirty commands at once, each with its own result', async () => {
    const results = await Promise.all(
      Array.from({ length: 30 }, (_each, index) => run(`echo ${index}; exit ${index}`)),
    );

    expect(results.map(({ ending, stdout }) => [ending, stdout])).toEqual(
      results.map((_result, index) => [{ how: 'exit', code: index }, `${index}\n`]),
    );
  });

  it('refuses a command that no host could take', async () => {
    expect(await codeOf(run(`: ${'x'.repeat(130_000)}`))).toBe('E_LIMIT');
  });

  it('keeps a long-lived program that answers line by line', async () => {
    const channel = await connection.open('echo careful >&2; while read -r line; do echo "<$line>"; done; echo bye');
    const lines = linesOf(channel.stdout);

    await channel.write(Buffer.from('one\n'));
    const first = await lines.next();
    await channel.write(Buffer.from('two\n'));
    const second = await lines.next();

    expect([first.value, second.value, channel.stderrTail()]).toEqual(['<one>', '<two>', 'careful\n']);
    channel.close();
  });

  it('ends a long-lived program’s output with the program', async () => {
    const channel = await connection.open('read -r line; echo "got $line"; exit 1');

    await channel.write(Buffer.from('it\n'));
    const lines: string[] = [];
    for await (const line of linesOf(channel.stdout)) lines.push(line);

    expect(lines).toEqual(['got it']);
    // Its output can end a moment before it is gone: what is written then may be taken, what comes after is not.
    const writeOn = async (): Promise<void> => {
      for (;;) {
        await channel.write(Buffer.from('more\n'));
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await expect(writeOn()).rejects.toThrow(/channel is gone/);
  });

  it('takes large writes to a long-lived program', async () => {
    const channel = await connection.open('head -c 5000000 | cksum');
    await channel.write(Buffer.alloc(5_000_000, 'y'));

    const { value } = await linesOf(channel.stdout).next();

    expect(value).toBe(
      spawnSync('cksum', { input: Buffer.alloc(5_000_000, 'y') })
        .stdout.toString()
        .trim(),
    );
    channel.close();
  });

  it('closes, says so, and starts nothing afterwards', async () => {
    const other = await connect();

    await other.close();

    expect(await other.closed).toBe('closed by copse');
    expect(await codeOf(other.exec({ text: 'echo no', deadlineMs: 1000 }))).toBe('E_LOST');
    expect(await codeOf(other.open('cat'))).toBe('E_LOST');
  });

  it('gives what still runs a lost ending when it is closed', async () => {
    const other = await connect();
    const running = other.exec({
      text: 'echo begun; sleep 20',
      deadlineMs: 15_000,
      onOutput: () => void other.close(),
    });

    const { ending, stdout } = await running;

    expect(ending).not.toEqual({ how: 'exit', code: 0 });
    expect(stdout).toBe('begun\n');
  });

  it('does not connect once it was told to stop', async () => {
    const target = sshd?.target() ?? targetOf(0, '/none', '/none');

    expect(await codeOf(transport.connect(target, { signal: AbortSignal.abort() }))).toBe('E_ABORTED');
  });

  test.skipIf(skipped || name === 'local')('can give a command a terminal', async () => {
    const { stdout } = await run('test -t 0 && test -t 1 && echo terminal', { pty: true });

    expect(stdout.trim()).toBe('terminal');
  });
});

async function* chunks(...texts: readonly string[]): AsyncIterable<Bytes> {
  for (const text of texts) {
    await Promise.resolve();
    yield Buffer.from(text);
  }
}

async function* linesOf(bytes: AsyncIterable<Bytes>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of bytes) {
    const lines = (rest + Buffer.from(chunk).toString()).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

function sha256(bytes: Bytes): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.catch((failure: unknown) => failure);
  return error instanceof Fault ? (error.problems[0]?.code ?? '') : `no fault: ${String(error)}`;
}
