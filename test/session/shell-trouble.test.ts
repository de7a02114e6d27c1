import { readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { cmd, script } from '../../src/core/command.ts';
import { Secret } from '../../src/core/secret.ts';
import type { HostSession } from '../../src/session/session.ts';
import { installed, localSession, NEVER, PLAIN, problemsOf, throughLogin } from './this-machine.ts';

const ROOT = process.getuid?.() === 0 && installed('unshare');
const sessions: HostSession[] = [];

function session(...parts: Parameters<typeof localSession>): HostSession {
  const opened = localSession(...parts);
  sessions.push(opened);
  return opened;
}

afterEach(async () => {
  await Promise.all(sessions.splice(0).map((one) => one.close()));
});

/** Whether a process whose command line holds `words` runs on this machine. */
async function runs(words: string): Promise<boolean> {
  const listed = await session().ask({ list: cmd('ps', '-eo', 'args') }, undefined, NEVER);
  return listed['list']!.stdout.split('\n').some((line) => line.includes(words) && !line.startsWith('sh -c'));
}

describe('the shell that answers questions', () => {
  it('is one process for many batches', async () => {
    const here = session();
    const pids = [];
    for (let batch = 0; batch < 3; batch += 1)
      pids.push(await here.ask({ pid: script('echo $PPID') }, undefined, NEVER));

    expect(new Set(pids.map(({ pid }) => pid?.stdout)).size).toBe(1);
  });

  it('answers questions of several callers in turn', async () => {
    const here = session();
    const asked = Array.from({ length: 20 }, (_, index) =>
      here.ask({ q: cmd('echo', String(index)) }, undefined, NEVER),
    );

    const answers = await Promise.all(asked);

    expect(answers.map(({ q }) => q?.stdout)).toEqual(Array.from({ length: 20 }, (_, index) => `${index}\n`));
  });

  it('is replaced when a question kills it, and the other questions are answered', async () => {
    const here = session();
    const once = `/tmp/copse-once-${process.pid}`;
    const killsOnce = script('rm "$1" 2>/dev/null && kill -KILL "$PPID"; echo survived', once);
    await here.run(cmd('touch', once), PLAIN);

    const answers = await here.ask({ a: cmd('echo', 'a'), b: killsOnce, c: cmd('echo', 'c') }, undefined, NEVER);

    expect(Object.values(answers).map(({ stdout }) => stdout)).toEqual(['a\n', 'survived\n', 'c\n']);
  });

  it('is not asked for ever what kills it each time', async () => {
    const [problem] = await problemsOf(session().ask({ q: script('kill -KILL "$PPID"') }, undefined, NEVER));

    expect(problem).toMatchObject({
      code: 'E_LOST',
      message: 'no answer to "sh: kill -KILL "$PPID"" in 3 tries: the shell ended',
    });
  });

  it('gives a question up at its own deadline, keeps what it printed, ends it, and answers the next', async () => {
    const here = session();
    const slow = { ...script('echo part; echo why >&2; sleep 4711; echo no'), timeoutMs: 300 };

    const answers = await here.ask({ before: cmd('echo', 'a'), slow, after: cmd('echo', 'z') }, undefined, NEVER);

    expect(Object.values(answers).map(({ code, stdout, stderr }) => [code, stdout, stderr])).toEqual([
      [0, 'a\n', ''],
      [124, 'part\n', 'why\n'],
      [0, 'z\n', ''],
    ]);
    expect(await runs('sleep 4711')).toBe(false);
  });

  it('ends a question that was the last one and took too long', async () => {
    const { slow } = await session().ask({ slow: { ...cmd('sleep', '4712'), timeoutMs: 200 } }, undefined, NEVER);

    expect(slow?.code).toBe(124);
    expect(await runs('sleep 4712')).toBe(false);
  });

  it('ends a question when the run is interrupted', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 300);

    const [problem] = await problemsOf(session().ask({ q: cmd('sleep', '4713') }, undefined, stop.signal));

    expect(problem?.code).toBe('E_ABORTED');
    expect(await runs('sleep 4713')).toBe(false);
  });

  it('asks nothing after an interrupt', async () => {
    const [problem] = await problemsOf(session().ask({ q: cmd('true') }, undefined, AbortSignal.abort()));

    expect(problem?.code).toBe('E_ABORTED');
  });

  it('keeps the beginning of a large answer and says that there was more', async () => {
    const here = session(undefined, { answerBytes: 1000 });

    const { q, r } = await here.ask(
      { q: script('head -c 3000000 /dev/zero; echo end >&2'), r: cmd('echo', 'next') },
      undefined,
      NEVER,
    );

    expect([q?.code, q?.bytes.length, q?.truncated, q?.stderr]).toEqual([0, 1000, true, 'end\n']);
    expect([r?.stdout, r?.truncated]).toEqual(['next\n', undefined]);
  });

  it('ends a question that prints without end', async () => {
    const here = session(undefined, { answerBytes: 1000, floodBytes: 1_000_000 });

    const { q, r } = await here.ask({ q: script('yes copse-flood'), r: cmd('echo', 'next') }, undefined, NEVER);

    expect([q?.code, q?.bytes.length, q?.truncated, r?.stdout]).toEqual([141, 1000, true, 'next\n']);
    expect(await runs('yes copse-flood')).toBe(false);
  });

  it('takes floods on both outputs at the same time', async () => {
    const both = script('yes out | head -c 3000000 & yes err | head -c 3000000 >&2; wait');

    const { q } = await session().ask({ q: both }, undefined, NEVER);

    expect([q?.code, q?.stdout.length, q?.stderr.length]).toEqual([0, 3_000_000, 3_000_000]);
  });

  it('waits for a question that closed its outputs early', async () => {
    const { q, r } = await session().ask(
      { q: script('exec >&- 2>&-; sleep 0.2; exit 3'), r: cmd('echo', 'next') },
      undefined,
      NEVER,
    );

    expect([q?.code, r?.stdout]).toEqual([3, 'next\n']);
  });

  it('is not held up by a child that a question left behind', async () => {
    const here = session();

    const { q, r } = await here.ask({ q: script('sleep 3 & echo quick'), r: cmd('echo', 'next') }, undefined, NEVER);

    expect([q?.stdout, r?.stdout]).toEqual(['quick\n', 'next\n']);
  });

  it('keeps its frame mark out of every argument list and environment', async () => {
    const question = script('cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n"');
    const here = session();
    await here.ask({ first: cmd('true') }, undefined, NEVER);

    const { all } = await here.ask({ all: question }, undefined, NEVER);

    // Had the mark been there, the answer would have ended at it.
    expect(all?.code).toBe(0);
    expect(all?.stdout).toContain('vitest');
  });

  it('shows no secret in an argument list while it runs', async () => {
    const seen = script('cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" "\\n" | grep -c "planted-[s]ecret"');
    const here = session();
    const secret = { stdin: new Secret('planted-secret-1'), env: { A: new Secret('planted-secret-2') } };

    const { q } = await here.ask({ q: { ...seen, ...secret } }, undefined, NEVER);

    expect(q?.stdout).toBe('0\n');
  });

  it('has nothing left of its environment that would change a script', async () => {
    const names = 'CDPATH ENV BASH_ENV LANGUAGE';
    process.env['CDPATH'] = '/tmp';
    process.env['LANGUAGE'] = 'de';
    process.env['LC_ALL'] = 'de_DE.UTF-8';
    const { q } = await session().ask(
      { q: script(`for n in ${names}; do eval "echo \\"\\$n=\\$$n\\""; done; echo $LC_ALL`) },
      undefined,
      NEVER,
    );
    for (const name of ['CDPATH', 'LANGUAGE', 'LC_ALL']) delete process.env[name];

    expect(q?.stdout).toBe('CDPATH=\nENV=\nBASH_ENV=\nLANGUAGE=\nC.UTF-8\n');
  });
});

describe('a login shell', () => {
  it.each(['dash', 'bash', 'zsh', 'fish', 'tcsh', 'busybox', 'mksh'].filter(installed))(
    'may be %s',
    async (program) => {
      const flags = program === 'busybox' ? ['sh', '-c'] : ['-c'];
      const here = session(throughLogin(program, ...flags));
      const words = [`a'b"c\\d!e$f\`g%h\n`, 'ü', '', '*', '~', '#x', '{a,b}', '(x)'];
      const wanted = `${words.join('|')}|`;

      const { q } = await here.ask({ q: cmd('printf', '%s|', ...words) }, undefined, NEVER);
      const ran = await here.run(cmd('printf', '%s|', ...words), PLAIN);

      expect([q?.stdout, ran.stdout]).toEqual([wanted, wanted]);
    },
  );

  it.each([
    ['prints before', 'echo "Welcome!"; echo "{}" ; echo warning >&2; '],
    ['prints without a line end', 'printf "Last login: today"; printf x >&2; '],
    ['prints 2 MB', 'yes banner | head -c 2000000; '],
    ['sets a strict mode', 'set -eu; '],
    ['sets another language and path', 'export LC_ALL=de_DE.UTF-8 LANG=C LANGUAGE=de PATH=/nowhere:$PATH IFS=x; '],
    ['defines functions of our words', 'copse_e() { :; }; printf() { :; }; '],
    ['changes the folder to one that is gone', 'd=$(mktemp -d); cd "$d"; rmdir "$d"; '],
    ['ignores signals', "trap '' HUP TERM INT PIPE; "],
  ])('may be noisy: it %s', async (_, profile) => {
    const here = session((text) => `${profile}${text}`);

    const { q } = await here.ask({ q: script('echo out; echo err >&2; ls -d /etc') }, undefined, NEVER);
    const ran = await here.run(script('echo out; echo err >&2'), PLAIN);

    expect([q?.code, q?.stdout, q?.stderr]).toEqual([0, 'out\n/etc\n', 'err\n']);
    expect([ran.stdout, ran.stderr]).toEqual(['out\n', 'err\n']);
  });

  it('may give no environment at all', async () => {
    const here = session(throughLogin('env', '-i', '/bin/sh', '-c'));

    const { q } = await here.ask(
      { q: script('echo "$PATH $LC_ALL"; pwd; ls -d /etc; command -v useradd >/dev/null') },
      undefined,
      NEVER,
    );
    const ran = await here.run(script('echo "$PATH $LC_ALL"'), PLAIN);

    expect(q?.stdout).toMatch(/^(\S+:)?\/usr\/local\/sbin\S* C.UTF-8\n\/\n\/etc\n$/);
    expect(ran.stdout.trim().split(' ')[1]).toBe('C.UTF-8');
  });

  it.runIf(ROOT)('may have no folder for temporary files that can be written to', async () => {
    const spoil = 'for d in /tmp /var/tmp /dev/shm; do mount -t tmpfs -o ro,noexec none $d || exit 1; done; eval "$0"';
    const here = session(throughLogin('unshare', '--mount', '/bin/sh', '-c', spoil));
    const path = join(homedir(), `copse-no-tmp-${process.pid}`);
    const large = { ...cmd('cksum'), stdin: 'x'.repeat(300_000) };

    const { touch, q } = await here.ask({ touch: cmd('touch', '/tmp/x', '/var/tmp/x'), q: large }, undefined, NEVER);
    const ran = await here.run(large, PLAIN);
    await here.put({ do: 'put', say: '', path, content: 'put' }, PLAIN);
    const fetched = await here.fetch(path, PLAIN);
    const followed = await here.transaction(cmd('cat', path), { ...PLAIN, name: `copse-no-tmp-${process.pid}` });
    rmSync(path);

    expect(touch?.code).not.toBe(0);
    expect([q?.stdout, Buffer.from(fetched).toString(), followed.stdout]).toEqual([ran.stdout, 'put', 'put']);
  });

  it.each([
    [
      'does not let in',
      'echo "This account is currently not available."; exit 1;',
      /not run \/bin\/sh.*"This account is currently/,
    ],
    ['runs something else', 'echo "Interactive menu:"; exit 0;', /not run \/bin\/sh.*"Interactive menu:"/],
    ['is restricted', 'exec bash -r -c "exec /bin/sh";', /did not run \/bin\/sh.*restricted/],
    ['says nothing', 'exit 3;', /did not run \/bin\/sh/],
  ])('that %s is a problem of reaching the host, with what it printed', async (_, profile, message) => {
    const here = session((text) => `${profile} ${text}`);

    const asked = await problemsOf(here.ask({ q: cmd('true') }, undefined, NEVER));
    const ran = await problemsOf(here.run(cmd('true'), PLAIN));

    for (const [problem] of [asked, ran]) {
      expect(problem?.code).toBe('E_CONNECT');
      expect(problem?.message).toMatch(message);
      expect(problem?.hint).toContain('nologin');
    }
  });

  it('that hangs is given up at a deadline that says so', async () => {
    const here = session((text) => `sleep 8; ${text}`, { helloMs: 300 });

    const [problem] = await problemsOf(here.ask({ q: cmd('true') }, undefined, NEVER));

    expect(problem).toMatchObject({ code: 'E_TIMEOUT', message: expect.stringContaining('within 300ms') as string });
  });
});

it('needs no temporary files on the host', () => {
  const sources = ['launch', 'statement', 'shell'].map((name) => readFileSync(`src/session/${name}.ts`, 'utf8'));

  expect(sources.join('')).not.toMatch(/mktemp|\/tmp|TMPDIR|<<[A-Z'"-]/);
});
