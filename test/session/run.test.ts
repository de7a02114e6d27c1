import { afterEach, describe, expect, it } from 'vitest';
import { cmd, script } from '../../src/core/command.ts';
import { Secret } from '../../src/core/secret.ts';
import { Fault } from '../../src/core/problem.ts';
import { createSession } from '../../src/session/open.ts';
import type { HostSession } from '../../src/session/session.ts';
import { localTransport } from '../../src/transport/local.ts';
import { HERE, localSession, NEVER, PLAIN, processesWith, QUICK, wrapped } from './this-machine.ts';

const sessions: HostSession[] = [];

function session(...parts: Parameters<typeof localSession>): HostSession {
  const opened = localSession(...parts);
  sessions.push(opened);
  return opened;
}

afterEach(async () => {
  await Promise.all(sessions.splice(0).map((one) => one.close()));
});

/** A session with a host that gives one channel at a time, and how often it refused another. */
function oneChannel(): { readonly narrow: HostSession; readonly refusals: () => number } {
  let used = 0;
  let refused = 0;
  const take = (): void => {
    if (used > 0) {
      refused += 1;
      throw new Fault([{ code: 'E_BUSY', message: 'no channel' }]);
    }
    used += 1;
  };
  const give = (): void => {
    used -= 1;
  };
  const transport = wrapped(localTransport(), (connection) => ({
    ...connection,
    async exec(request) {
      take();
      return connection.exec(request).finally(give);
    },
    async open(text) {
      take();
      const channel = await connection.open(text);
      return {
        ...channel,
        close() {
          give();
          channel.close();
        },
      };
    },
  }));
  const narrow = createSession({
    host: 'here',
    target: () => Promise.resolve(HERE),
    transport: () => transport,
    limits: QUICK,
  });
  sessions.push(narrow);
  return { narrow, refusals: () => refused };
}

describe('a command on a channel of its own', () => {
  it.each([
    ['an exit status', script('echo out; echo err >&2; exit 3'), { how: 'exit', code: 3 }, 'out\n', 'err\n'],
    ['the signal that killed it', script('kill -TERM $$'), { how: 'signal', signal: 'SIGTERM' }, '', ''],
    ['a word only the shell knows', cmd('command', '-v', 'cd'), { how: 'exit', code: 0 }, 'cd\n', ''],
    ['no stdin', cmd('cat'), { how: 'exit', code: 0 }, '', ''],
    ['an empty stdin', { ...cmd('cat'), stdin: '' }, { how: 'exit', code: 0 }, '', ''],
    ['bytes that are no text', cmd('printf', '\\377a\\000b'), { how: 'exit', code: 0 }, '\uFFFDa\0b', ''],
    [
      'outputs it closed early',
      script('echo out; exec >&- 2>&-; sleep 0.2; exit 4'),
      { how: 'exit', code: 4 },
      'out\n',
      '',
    ],
    ['a child that holds its output', script('sleep 2 & echo quick'), { how: 'held-open', code: 0 }, 'quick\n', ''],
  ] as const)('ends with %s', async (_, command, ending, stdout, stderr) => {
    const outcome = await session().run(command, PLAIN);

    expect({ ...outcome, ms: 0 }).toEqual({ ending, stdout, stderr, truncated: false, ms: 0 });
  });

  it('says that a program is not there as the shell does', async () => {
    const { ending, stderr } = await session().run(cmd('no-such-program', 'x'), PLAIN);

    expect(ending).toEqual({ how: 'exit', code: 127 });
    expect(stderr).toContain('no-such-program');
  });

  it('does not run in a folder that is not there', async () => {
    const { ending, stdout } = await session().run({ ...cmd('echo', 'ran'), cwd: '/no/such' }, PLAIN);

    expect([ending, stdout]).toEqual([{ how: 'exit', code: 125 }, '']);
  });

  it('shows its output as it comes, characters whole', async () => {
    const seen: string[] = [];
    const halves = script("printf 'gr\\303'; sleep 0.3; printf '\\274n\\n'; sleep 0.3; echo more >&2");

    await session().run(halves, { ...PLAIN, onOutput: (stream, text) => seen.push(`${stream}:${text}`) });

    expect(seen).toEqual(['stdout:gr', 'stdout:ün\n', 'stderr:more\n']);
  });

  it('takes any stdin to its last byte', async () => {
    const stdin = Buffer.alloc(3_000_000, 'copse\n');

    const { stdout } = await session().run({ ...cmd('cksum'), stdin }, PLAIN);

    expect(stdout.split(' ')[1]?.trim()).toBe('3000000');
  });

  it('may end without reading its stdin', async () => {
    const { ending } = await session().run({ ...cmd('true'), stdin: Buffer.alloc(5_000_000) }, PLAIN);

    expect(ending).toEqual({ how: 'exit', code: 0 });
  });

  it('takes a script that is longer than any argument', async () => {
    const value = `é'${'x'.repeat(100_000)}`;

    const { stdout } = await session().run(script('printf "%s" "$1"', value), PLAIN);

    expect(stdout).toBe(value);
  });

  it('keeps secrets out of argument lists, and out of what it printed', async () => {
    const seen = 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" "\\n" | grep -c "planted-[s]ecret"; echo "$A"; cat';
    const secrets = { stdin: new Secret('planted-secret-1'), env: { A: new Secret('planted-secret-2') } };
    const live: string[] = [];

    const outcome = await session().run(
      { ...script(seen), ...secrets },
      { ...PLAIN, onOutput: (_, text) => live.push(text) },
    );

    expect(outcome.stdout).toBe('0\n***\n***');
    expect(live.join('')).toBe('0\n***\n***');
  });

  it('keeps the first and the last of much output, within bounds', async () => {
    const { ending, stdout, truncated } = await session().run(script('seq 2000000'), PLAIN);

    expect([ending, truncated]).toEqual([{ how: 'exit', code: 0 }, true]);
    expect(stdout.startsWith('1\n2\n3\n')).toBe(true);
    expect(stdout.endsWith('1999999\n2000000\n')).toBe(true);
    expect(stdout.length).toBeLessThan(6 * 1024 * 1024);
  });

  it('is ended with all it started when its deadline passes', async () => {
    const { ending, stdout } = await session().run(script('echo begun; sleep 4721 & sleep 4722'), {
      ...PLAIN,
      deadlineMs: 400,
    });

    expect([ending, stdout]).toEqual([{ how: 'timeout', afterMs: 400 }, 'begun\n']);
    expect(processesWith('sleep 472')).toEqual([]);
  });

  it('is ended with all it started when the run is interrupted', async () => {
    const stop = new AbortController();
    const onOutput = (): void => stop.abort();

    const { ending } = await session().run(script('echo begun; sleep 4723 & sleep 4724'), {
      ...PLAIN,
      signal: stop.signal,
      onOutput,
    });

    expect(ending).toEqual({ how: 'aborted' });
    expect(processesWith('sleep 472')).toEqual([]);
  });

  it('is killed when it does not listen', async () => {
    const deaf = script("trap '' TERM INT HUP; echo begun; while :; do sleep 4725; done");

    const { ending } = await session().run(deaf, { ...PLAIN, deadlineMs: 300 });

    expect(ending).toEqual({ how: 'timeout', afterMs: 300 });
    expect(processesWith('sleep 4725')).toEqual([]);
  });

  it('may tidy up when it is told to end', async () => {
    const { ending, stdout } = await session().run(
      script('trap "echo tidied; exit 1" TERM; echo begun; sleep 4726 & wait'),
      { ...PLAIN, deadlineMs: 300 },
    );

    expect([ending, stdout]).toEqual([{ how: 'timeout', afterMs: 300 }, 'begun\ntidied\n']);
  });

  it('follows its own deadline before that of the task', async () => {
    const { ending } = await session().run({ ...cmd('sleep', '4727'), timeoutMs: 200 }, PLAIN);

    expect(ending).toEqual({ how: 'timeout', afterMs: 200 });
  });

  it('runs on a host that has one channel: the shells make room', async () => {
    const { narrow, refusals } = oneChannel();

    const before = await narrow.ask({ q: cmd('echo', 'one') }, undefined, NEVER);
    const ran = [await narrow.run(cmd('echo', 'two'), PLAIN), await narrow.run(cmd('echo', 'three'), PLAIN)];
    const after = await narrow.ask({ q: cmd('echo', 'four') }, undefined, NEVER);

    expect([before['q']?.stdout, ...ran.map(({ stdout }) => stdout), after['q']?.stdout]).toEqual([
      'one\n',
      'two\n',
      'three\n',
      'four\n',
    ]);
    // Learned once.
    expect(refusals()).toBe(1);
  });

  it('is not sent after an interrupt', async () => {
    const ran = session().run(cmd('touch', '/tmp/copse-never'), { ...PLAIN, signal: AbortSignal.abort() });

    await expect(ran).rejects.toMatchObject({ problems: [{ code: 'E_ABORTED' }] });
  });

  it.each([['an environment variable', { ...cmd('true'), env: { 'A B': 'x' } }, /"A B"/]])(
    'is refused when %s has an impossible name',
    async (_, command, message) => {
      await expect(session().run(command, PLAIN)).rejects.toThrow(message);
      await expect(session().ask({ q: command }, undefined, NEVER)).rejects.toThrow(message);
    },
  );
});
