import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cmd, script } from '../../src/core/command.ts';
import { Secret } from '../../src/core/secret.ts';
import type { BecomeSpec } from '../../src/core/target.ts';
import type { Limits } from '../../src/session/limits.ts';
import type { HostSession } from '../../src/session/session.ts';
import { installed, localSession, NEVER, PLAIN, problemsOf, processesWith, throughLogin } from './this-machine.ts';

const ROOT = process.getuid?.() === 0 && installed('useradd') && installed('runuser');
if (!ROOT) process.stdout.write('become is not tested: it needs root, to make users that are removed afterwards\n');

const LOGIN = `copse-l${process.pid}`;
const OTHER = `copse-o${process.pid}`;
const PASSWORD = new Secret('right horse');
const OTHER_PASSWORD = new Secret('other horse');
const SUDOERS = `/etc/sudoers.d/copse-test-${process.pid}`;
const sessions: HostSession[] = [];

/** A session that logs in as the throw-away user. */
function login(rewrite: (text: string) => string = (text) => text, limits: Partial<Limits> = {}): HostSession {
  const asUser = throughLogin('runuser', '-u', LOGIN, '--', '/bin/sh', '-c');
  const session = localSession((text) => asUser(rewrite(text)), limits, LOGIN);
  sessions.push(session);
  return session;
}

function sudoers(...lines: readonly string[]): void {
  writeFileSync(SUDOERS, `${lines.join('\n')}\n`, { mode: 0o440 });
}

async function whoIs(session: HostSession, as: BecomeSpec): Promise<string> {
  const { who } = await session.ask({ who: script('id -un; echo "$HOME"') }, as, NEVER);
  return who!.stdout;
}

const sudo = (password?: Secret, user = 'root'): BecomeSpec => ({
  method: 'sudo',
  user,
  ...(password === undefined ? {} : { password }),
});

describe.runIf(ROOT)('becoming another user', () => {
  beforeAll(() => {
    for (const [user, password] of [
      [LOGIN, PASSWORD],
      [OTHER, OTHER_PASSWORD],
    ] as const) {
      execFileSync('useradd', ['--create-home', '--shell', '/bin/sh', user]);
      execFileSync('chpasswd', { input: `${user}:${password.reveal()}\n` });
    }
  });

  afterEach(async () => {
    await Promise.all(sessions.splice(0).map((one) => one.close()));
    rmSync(SUDOERS, { force: true });
  });

  afterAll(async () => {
    for (const user of [LOGIN, OTHER]) {
      expect(
        await settled(
          () => execFileSync('sh', ['-c', 'ps -o args= -u "$1" -U "$1" || true', 'sh', user]).toString(),
          '',
        ),
      ).toBe('');
      execFileSync('userdel', ['--remove', user], { stdio: 'ignore' });
    }
    rmSync(`/var/lib/sudo/lectured/${LOGIN}`, { force: true });
  });

  describe.runIf(installed('sudo'))('with sudo', () => {
    it('works without a password where none is asked for, with one shell for all', async () => {
      sudoers(`${LOGIN} ALL=(ALL) NOPASSWD: ALL`);
      const session = login();

      expect(await whoIs(session, sudo())).toBe('root\n/root\n');
      expect(await whoIs(session, sudo(undefined, OTHER))).toBe(`${OTHER}\n/home/${OTHER}\n`);
      const { login: own, root } = await session.ask(
        { login: { ...cmd('id', '-un'), asLogin: true }, root: cmd('id', '-un') },
        sudo(),
        NEVER,
      );
      expect([own?.stdout, root?.stdout]).toEqual([`${LOGIN}\n`, 'root\n']);
      expect(processesWith('sudo -n -H -u root').length).toBe(1);
    });

    it('gives a password that is not asked for to nobody', async () => {
      sudoers(`${LOGIN} ALL=(ALL) NOPASSWD: ALL`);
      const session = login();

      const { stdin } = await session.ask({ stdin: cmd('cat') }, sudo(PASSWORD), NEVER);
      const ran = await session.run({ ...cmd('cat'), stdin: 'mine' }, { ...PLAIN, as: sudo(PASSWORD) });

      expect([stdin?.stdout, ran.stdout]).toEqual(['', 'mine']);
    });

    it('gives the password when it is asked for, whatever else is said', async () => {
      sudoers(`Defaults:${LOGIN} lecture=always,timestamp_timeout=0,passprompt_override`, `${LOGIN} ALL=(ALL) ALL`);
      const session = login();

      expect(await whoIs(session, sudo(PASSWORD))).toBe('root\n/root\n');
    });

    it('runs steps, with their own stdin, after the password', async () => {
      sudoers(`Defaults:${LOGIN} timestamp_timeout=0,lecture=always`, `${LOGIN} ALL=(ALL) ALL`);
      const seen = 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" "\\n" | grep -c "right [h]orse"; id -un; cat';

      const { ending, stdout, stderr } = await login().run(
        { ...script(seen), stdin: new Secret('step-secret') },
        { ...PLAIN, as: sudo(PASSWORD) },
      );

      expect({ ending, stdout, stderr }).toEqual({
        ending: { how: 'exit', code: 0 },
        stdout: '0\nroot\n***',
        stderr: '',
      });
    });

    it('tries a wrong password once, and says so', async () => {
      const log = join(tmpdir(), `copse-sudo-${process.pid}.log`);
      sudoers(`Defaults:${LOGIN} timestamp_timeout=0,logfile=${log},!syslog`, `${LOGIN} ALL=(ALL) ALL`);
      const session = login();

      const wrong = sudo(new Secret('wrong horse'));
      const [problem] = await problemsOf(whoIs(session, wrong));
      const again = [
        await problemsOf(whoIs(session, wrong)),
        await problemsOf(session.run(cmd('true'), { ...PLAIN, as: wrong })),
      ];
      const logged = await settled(() => (existsSync(log) ? readFileSync(log, 'utf8') : ''), /incorrect/);
      rmSync(log, { force: true });

      expect(problem).toEqual({
        code: 'E_BECOME',
        message: `cannot become "root" with sudo as ${LOGIN}@here: the password is wrong`,
        hint: 'give the right one as the secret variable copse_become_password',
      });
      expect(again).toEqual([[problem], [problem]]);
      expect(logged.match(/incorrect password/g)?.length).toBe(1);
      expect(logged).toContain('1 incorrect password attempt');
    });

    it.each([
      [
        'a password is needed and none was given',
        sudo(),
        ['ALL=(ALL) ALL'],
        /cannot become "root" with sudo/,
        /become_password/,
      ],
      ['the user may not', sudo(PASSWORD), [], /cannot become "root" with sudo/, /./],
      [
        'the other user does not exist',
        sudo(PASSWORD, 'no-such-user'),
        ['ALL=(ALL) ALL'],
        /become "no-such-user"/,
        /./,
      ],
    ] as const)('says why when %s, and does not hang', async (_, as, [rule], message, hint) => {
      sudoers(`Defaults:${LOGIN} timestamp_timeout=0`, ...(rule === undefined ? [] : [`${LOGIN} ${rule}`]));

      const asked = await problemsOf(whoIs(login(), as));
      const ran = await problemsOf(login().run(cmd('true'), { ...PLAIN, as }));

      for (const [problem] of [asked, ran]) {
        expect(problem?.code).toBe('E_BECOME');
        expect(problem?.message).toMatch(message);
        expect(problem?.hint).toMatch(hint);
        expect(JSON.stringify(problem)).not.toContain('right horse');
      }
    });

    describe('where sudo wants a terminal', () => {
      const wantsTerminal = `Defaults:${LOGIN} requiretty,timestamp_timeout=0`;

      it.each([
        ['without a password', sudo(), `${LOGIN} ALL=(ALL) NOPASSWD: ALL`],
        ['with a password', sudo(PASSWORD), `${LOGIN} ALL=(ALL) ALL`],
      ] as const)('gives it one, %s, and keeps both outputs and the input apart from it', async (_, as, rule) => {
        sudoers(wantsTerminal, rule);
        const session = login();
        const both = { ...script('id -un; echo no >&2; cat; exit 3'), stdin: new Secret('a\nstep-secret') };

        const answers = await session.ask({ who: cmd('id', '-un'), out: script('echo o; echo e >&2') }, as, NEVER);
        const ran = await session.run(both, { ...PLAIN, as });

        expect([answers['who']?.stdout, answers['out']?.stdout, answers['out']?.stderr]).toEqual([
          'root\n',
          'o\n',
          'e\n',
        ]);
        expect([ran.ending, ran.stdout, ran.stderr]).toEqual([{ how: 'exit', code: 3 }, 'root\n***', 'no\n']);
        await session.close();
        expect(await settled(() => String(processesWith('script -qec').length), '0')).toBe('0');
      });

      it('ends what it ran when the deadline passes', async () => {
        sudoers(wantsTerminal, `${LOGIN} ALL=(ALL) NOPASSWD: ALL`);

        const { ending } = await login().run(script('sleep 4741 & sleep 4742'), {
          ...PLAIN,
          as: sudo(),
          deadlineMs: 900,
        });

        expect(ending).toEqual({ how: 'timeout', afterMs: 900 });
        expect(processesWith('sleep 474')).toEqual([]);
      });

      it('tries a wrong password once', async () => {
        sudoers(wantsTerminal, `${LOGIN} ALL=(ALL) ALL`);

        const [problem] = await problemsOf(whoIs(login(), sudo(new Secret('wrong horse'))));

        expect(problem?.message).toMatch(/the password is wrong$/);
      });

      it('says what to do on a host that cannot make one', async () => {
        sudoers(wantsTerminal, `${LOGIN} ALL=(ALL) NOPASSWD: ALL`);
        const bare = login((text) => text.replaceAll('command -v script', 'command -v no-such-program'));

        const [problem] = await problemsOf(whoIs(bare, sudo()));

        expect([problem?.code, problem?.hint]).toEqual([
          'E_BECOME',
          'this host wants a terminal and has no "script" (util-linux) to make one: take "requiretty" out of its sudoers for this user',
        ]);
      });
    });

    it('ends what it ran as the other user when the deadline passes', async () => {
      sudoers(`${LOGIN} ALL=(ALL) NOPASSWD: ALL`);

      const { ending } = await login().run(script('sleep 4731 & sleep 4732'), {
        ...PLAIN,
        as: sudo(),
        deadlineMs: 400,
      });

      expect(ending).toEqual({ how: 'timeout', afterMs: 400 });
      expect(processesWith('sleep 473')).toEqual([]);
    });

    it('ends a question as the other user when its deadline passes', async () => {
      sudoers(`Defaults:${LOGIN} timestamp_timeout=0`, `${LOGIN} ALL=(ALL) ALL`);
      const slow = { ...cmd('sleep', '4733'), timeoutMs: 300 };

      const { slow: late, next } = await login().ask({ slow, next: cmd('id', '-un') }, sudo(PASSWORD), NEVER);

      expect([late?.code, next?.stdout]).toEqual([124, 'root\n']);
      expect(processesWith('sleep 4733')).toEqual([]);
    });

    describe('in a folder of root', () => {
      let folder: string;
      beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), 'copse-root-'));
        chmodSync(folder, 0o700);
        sudoers(`Defaults:${LOGIN} timestamp_timeout=0`, `${LOGIN} ALL=(ALL) ALL`);
      });
      afterEach(() => rmSync(folder, { recursive: true, force: true }));

      it('puts and fetches a file', async () => {
        const session = login();
        const path = join(folder, 'file');
        const options = { ...PLAIN, as: sudo(PASSWORD) };
        const content = Buffer.alloc(500_000, 'x\n');

        await session.put({ do: 'put', say: '', path, content, mode: '0600' }, options);

        expect([readFileSync(path).equals(content), statSync(path).uid]).toEqual([true, 0]);
        expect(Buffer.from(await session.fetch(path, options)).equals(content)).toBe(true);
        expect((await problemsOf(session.fetch(path, PLAIN)))[0]?.code).toBe('E_FILE');
      });

      it('follows a detached command, with its secrets and its stdin', async () => {
        const command = {
          ...script('id -un; cat; echo "$A"; exit 3'),
          stdin: new Secret('tx-secret-1'),
          env: { A: new Secret('tx-secret-2') },
        };
        const name = `copse-become-${process.pid}`;

        const outcome = await login().transaction(command, { ...PLAIN, as: sudo(PASSWORD), name });

        expect([outcome.ending, outcome.stdout]).toEqual([{ how: 'exit', code: 3 }, 'root\n******\n']);
        expect(existsSync(`/run/copse/${name}`)).toBe(false);
      });
    });
  });

  it('tells a sudo that is not there from one that refuses', async () => {
    const [problem] = await problemsOf(
      whoIs(
        login((text) => text.replace("'sudo'", "'no-such-sudo'")),
        sudo(),
      ),
    );

    expect(problem?.code).toBe('E_BECOME');
    expect(problem?.message).toContain('no-such-sudo');
  });

  it.each([
    ['asks for nothing', 'sleep 1', /neither started a shell nor asked for the password within 300ms/],
    [
      'takes its time after the password',
      'printf %s "$2" >&2; read -r p; sleep 1',
      /the password was given, but no shell started within 300ms/,
    ],
  ])('gives up at its deadline when sudo %s, and what was to run does not run later', async (_, does, message) => {
    const done = join(tmpdir(), `copse-late-${process.pid}`);
    const late = `sh -c '${does}; while [ "$1" != -- ]; do shift; done; shift; exec "$@"'`;
    const session = login((text) => text.replace("'sudo'", late), { helloMs: 300 });

    const [asked] = await problemsOf(whoIs(session, sudo(PASSWORD)));
    const [ran] = await problemsOf(session.run(cmd('touch', done), { ...PLAIN, as: sudo(PASSWORD) }));
    await new Promise((resolve) => setTimeout(resolve, 1200));

    for (const problem of [asked, ran]) {
      expect(problem?.code).toBe('E_BECOME');
      expect(problem?.message).toMatch(message);
    }
    expect(existsSync(done)).toBe(false);
  });

  it('that one is already needs no sudo', async () => {
    const session = login((text) => text.replaceAll("'sudo'", "'no-such-sudo'"));

    expect(await whoIs(session, sudo(undefined, LOGIN))).toContain(LOGIN);
    expect((await session.run(cmd('id', '-un'), { ...PLAIN, as: sudo(undefined, LOGIN) })).stdout).toBe(`${LOGIN}\n`);
  });

  it.each(['a b', "x'; id; '", '-root', ''])('refuses the name %j before anything is sent', async (user) => {
    const [problem] = await problemsOf(whoIs(login(), sudo(undefined, user)));

    expect(problem?.code).toBe('E_BECOME');
    expect(problem?.message).toContain(`found "${user}"`);
  });

  describe('with su', () => {
    it('gives the password of the other user', async () => {
      const session = login();
      const as: BecomeSpec = { method: 'su', user: OTHER, password: OTHER_PASSWORD };

      expect(await whoIs(session, as)).toBe(`${OTHER}\n/home/${OTHER}\n`);
      const ran = await session.run({ ...cmd('cat'), stdin: 'mine' }, { ...PLAIN, as });
      expect(ran.stdout).toBe('mine');
    });

    it('says that a password is wrong', async () => {
      const as: BecomeSpec = { method: 'su', user: OTHER, password: new Secret('wrong') };

      const [problem] = await problemsOf(whoIs(login(), as));

      expect(problem?.code).toBe('E_BECOME');
      expect(problem?.message).toMatch(/with su as .*: the password was refused/);
    });

    it('does not hang without a password', async () => {
      const [problem] = await problemsOf(whoIs(login(undefined, { helloMs: 500 }), { method: 'su', user: OTHER }));

      expect(problem?.code).toBe('E_BECOME');
    });
  });

  describe.runIf(installed('doas'))('with doas', () => {
    const CONF = '/etc/doas.conf';
    const had = existsSync(CONF) ? readFileSync(CONF) : undefined;
    afterAll(() => {
      if (had === undefined) rmSync(CONF, { force: true });
      else writeFileSync(CONF, had);
    });

    it('works where it asks for no password', async () => {
      writeFileSync(CONF, `permit nopass ${LOGIN}\n`);

      expect(await whoIs(login(), { method: 'doas', user: OTHER })).toBe(`${OTHER}\n/home/${OTHER}\n`);
    });

    it('says how to set it up where it does', async () => {
      writeFileSync(CONF, `permit ${LOGIN}\n`);

      const [problem] = await problemsOf(whoIs(login(), { method: 'doas', user: OTHER, password: PASSWORD }));

      expect(problem?.code).toBe('E_BECOME');
      expect(problem?.hint).toContain('permit nopass');
    });
  });
});

/** What `read` gives once it gives `wanted`, or at last what it gives instead. */
async function settled(read: () => string, wanted: string | RegExp): Promise<string> {
  const good = (text: string): boolean => (typeof wanted === 'string' ? text === wanted : wanted.test(text));
  for (let tries = 0; tries < 100 && !good(read()); tries += 1) await new Promise((resolve) => setTimeout(resolve, 50));
  return read();
}
