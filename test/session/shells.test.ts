import { array, assert, asyncProperty, string } from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Answer } from '../../src/core/answer.ts';
import { cmd, script, type Command } from '../../src/core/command.ts';
import { Secret } from '../../src/core/secret.ts';
import type { HostSession } from '../../src/session/session.ts';
import { installed, localSession, NEVER, otherSh, PLAIN, removeFolder } from './this-machine.ts';

/** Every shell that may be /bin/sh on a host. */
const SHELLS = ['dash', 'bash', 'busybox', 'zsh'].filter(installed);

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

async function askOne(session: HostSession, question: Command): Promise<Omit<Answer, 'bytes'>> {
  const { q } = await session.ask({ q: question }, undefined, NEVER);
  const { bytes: _, ...answer } = q as Answer;
  return answer;
}

describe.each(SHELLS)('with %s as /bin/sh', (program) => {
  const sh = otherSh(program)!;
  const session = localSession(sh.rewrite);
  afterAll(async () => {
    await session.close();
    removeFolder(sh.folder);
  });

  it.each([
    ['both outputs and the exit status', script('echo out; echo err >&2; exit 3'), [3, 'out\n', 'err\n']],
    ['output without a line end', cmd('printf', '%s', 'bare'), [0, 'bare', '']],
    ['no output', cmd('true'), [0, '', '']],
    ['nothing but line ends', cmd('printf', '\\n\\n'), [0, '\n\n', '']],
    [
      'words with every kind of quote',
      cmd('printf', '%s|', `a'b"c\\d$e\`f!g\n`, '', '*'),
      [0, `a'b"c\\d$e\`f!g\n||*|`, ''],
    ],
    ['words of other languages', cmd('printf', '%s', 'grüße, 世界 🌲'), [0, 'grüße, 世界 🌲', '']],
    ['a script with values', script('printf "%s-" "$@"', 'a b', "c'd"), [0, "a b-c'd-", '']],
    [
      'a script with a name and a process of its own',
      script('echo "$0"; [ $$ != $PPID ] && echo own'),
      [0, 'copse\nown\n', ''],
    ],
    ['a script that ends in becoming a program', script('trap "echo no" EXIT; exec echo yes'), [0, 'yes\n', '']],
    ['a script with a trap', script('trap "echo bye; exit 4" EXIT; echo hi; exit 3'), [4, 'hi\nbye\n', '']],
    ['what only the shell knows', script('command -v cd'), [0, 'cd\n', '']],
    ['an exit of its own', script('exit 7'), [7, '', '']],
    ['a script that stops at the first failure', script('set -e; false; echo no'), [1, '', '']],
    ['a script that is not shell', script('if then ((('), 'fails'],
    ['a program that is not there', cmd('no-such-program'), 127],
    ['a death by signal', script('kill -KILL $$'), 137],
    ['an empty stdin where none is given', cmd('cat'), [0, '', '']],
    ['a stdin', { ...cmd('cat'), stdin: "one\ntwo'\\" }, [0, "one\ntwo'\\", '']],
    ['a stdin that is not read', { ...cmd('true'), stdin: 'x'.repeat(200_000) }, [0, '', '']],
    ['a secret stdin', { ...cmd('cat'), stdin: new Secret('pa$$word') }, [0, 'pa$$word', '']],
    ['an environment', { ...script('echo "$A$B"'), env: { A: "it's ", B: new Secret('x y') } }, [0, "it's x y\n", '']],
    ['a folder', { ...cmd('pwd'), cwd: '/usr' }, [0, '/usr\n', '']],
    ['a folder that is not there', { ...cmd('pwd'), cwd: '/no/such' }, 'fails'],
    ['a known umask', script('umask'), [0, /^0*22\n$/, '']],
    ['the folders of system tools', script('echo "$PATH"'), [0, /\/usr\/sbin.*\/sbin/, '']],
    ['UTF-8 without a language', script('echo "$LC_ALL"'), [0, 'C.UTF-8\n', '']],
  ] as const)('gives %s', async (_, question, wanted) => {
    const { code, stdout, stderr } = await askOne(session, question);

    if (wanted === 'fails') expect(code).not.toBe(0);
    else if (typeof wanted === 'number') expect(code).toBe(wanted);
    else if (wanted[1] instanceof RegExp)
      expect([code, wanted[1].test(stdout), stderr]).toEqual([wanted[0], true, wanted[2]]);
    else expect([code, stdout, stderr]).toEqual(wanted);
  });

  it('carries every byte both ways', async () => {
    const { q } = await session.ask({ q: { ...cmd('cat'), stdin: ALL_BYTES } }, undefined, NEVER);

    expect(Buffer.from(q!.bytes)).toEqual(ALL_BYTES);
  });

  it('keeps the words of any command as they are', async () => {
    const word = string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
    await assert(
      asyncProperty(array(word, { maxLength: 6 }), async (words) => {
        const questions = { q: cmd('printf', '%s\\0', ...words), r: script('printf "%s\\0" "$@"', ...words) };
        const wanted = words.length === 0 ? '\0' : words.map((one) => `${one}\0`).join('');

        const { q, r } = await session.ask(questions, undefined, NEVER);

        expect([q?.stdout, r?.stdout]).toEqual([wanted, wanted]);
      }),
      { numRuns: 25 },
    );
  });

  it('answers a batch that is larger than any argument list', async () => {
    const large = 'x'.repeat(60_000);
    const questions = Object.fromEntries(
      Array.from({ length: 8 }, (_, index) => [`q${index}`, script('echo "${#1} $2"', large, String(index))]),
    );

    const answers = await session.ask(questions, undefined, NEVER);

    expect(Object.values(answers).map(({ stdout }) => stdout)).toEqual(
      Array.from({ length: 8 }, (_, index) => `60000 ${index}\n`),
    );
  });

  it('runs a command with a secret stdin, and its bytes arrive as they are', async () => {
    const outcome = await session.run(
      { ...script('cat; echo "$E" >&2; exit 5'), stdin: new Secret('s3cret!'), env: { E: 'e' } },
      PLAIN,
    );

    expect({ ...outcome, ms: 0 }).toEqual({
      ending: { how: 'exit', code: 5 },
      stdout: '***',
      stderr: 'e\n',
      truncated: false,
      ms: 0,
    });
  });

  it('puts and fetches a file of every byte', async () => {
    const path = `${sh.folder}/file`;

    await session.put({ do: 'put', say: 'write', path, content: ALL_BYTES, mode: '0600' }, PLAIN);

    expect(Buffer.from(await session.fetch(path, PLAIN))).toEqual(ALL_BYTES);
  });

  it('follows a detached command', async () => {
    const name = `copse-test-${process.pid}-${program}`;

    const outcome = await session.transaction(script('echo a; sleep 0.3; echo b >&2; exit 6'), { ...PLAIN, name });

    expect({ ...outcome, ms: 0 }).toEqual({
      ending: { how: 'exit', code: 6 },
      stdout: 'a\n',
      stderr: 'b\n',
      truncated: false,
      ms: 0,
    });
  });
});

describe.runIf(installed('mksh'))('a /bin/sh whose printf is a program', () => {
  const sh = otherSh('mksh')!;
  const session = localSession(sh.rewrite);
  afterAll(async () => {
    await session.close();
    removeFolder(sh.folder);
  });

  it('is refused, because secrets would be in the process list', async () => {
    await expect(session.ask({ q: cmd('true') }, undefined, NEVER)).rejects.toMatchObject({
      problems: [{ code: 'E_CONNECT', message: expect.stringContaining('printf') as string }],
    });
  });
});
