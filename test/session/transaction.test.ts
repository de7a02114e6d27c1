import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exitCode, type Outcome } from '../../src/core/answer.ts';
import { cmd, script } from '../../src/core/command.ts';
import { Fault } from '../../src/core/problem.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Limits } from '../../src/session/limits.ts';
import { createSession } from '../../src/session/open.ts';
import type { HostSession, TransactionOptions } from '../../src/session/session.ts';
import { localTransport } from '../../src/transport/local.ts';
import type { Connection } from '../../src/transport/transport.ts';
import { HERE, localSession, NEVER, PLAIN, problemsOf, processesWith, QUICK, wrapped } from './this-machine.ts';

const ROOT = process.getuid?.() === 0;
/** Where this user's records are kept. */
const RECORDS = ROOT ? '/run/copse' : join(homedir(), '.local/state/copse');

let folder: string;
let name: string;
let count = 0;
const sessions: HostSession[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'copse-tx-'));
  name = `copse-test-${process.pid}-${(count += 1)}`;
});

afterEach(async () => {
  await Promise.all(sessions.splice(0).map((one) => one.close()));
  rmSync(folder, { recursive: true, force: true });
  rmSync(join(RECORDS, name), { recursive: true, force: true });
});

function session(limits: Partial<Limits> = {}): HostSession {
  const opened = localSession(undefined, limits);
  sessions.push(opened);
  return opened;
}

/** A session whose links can be cut from outside, as often as wanted; `down` keeps it from coming back. */
function cuttable(limits: Partial<Limits> = {}): {
  readonly session: HostSession;
  readonly cut: () => void;
  down: boolean;
  connected: number;
} {
  const links = new Set<Connection>();
  const state = { session: undefined as unknown as HostSession, down: false, connected: 0, cut: (): void => undefined };
  const transport = wrapped(localTransport(), (connection) => {
    state.connected += 1;
    links.add(connection);
    return connection;
  });
  state.cut = () => {
    for (const link of links) void link.close();
    links.clear();
  };
  state.session = createSession({
    host: 'here',
    target: () => (state.down ? Promise.reject(unreachable()) : Promise.resolve(HERE)),
    transport: () => transport,
    limits: { ...QUICK, ...limits },
  });
  sessions.push(state.session);
  return state;
}

function unreachable(): Error {
  return new Fault([{ code: 'E_CONNECT', message: 'no route to the host' }]);
}

function options(more: Partial<TransactionOptions> = {}): TransactionOptions {
  return { ...PLAIN, name, ...more };
}

/** A command that says `begun`, waits for a file, and then ends; each run of it leaves a line behind. */
function waiting(code = 0): ReturnType<typeof script> {
  return script(
    'echo x >>"$1/runs"; echo begun; i=0; while [ ! -e "$1/go" ] && [ $i -lt 200 ]; do sleep 0.05; i=$((i+1)); done; echo ended; echo err >&2; exit "$2"',
    folder,
    String(code),
  );
}

function letGo(): void {
  writeFileSync(join(folder, 'go'), '');
}

function timesRun(): number {
  return readFileSync(join(folder, 'runs'), 'utf8').split('\n').length - 1;
}

describe('a detached command', () => {
  it.each([
    ['its exit status and both outputs', script('echo out; echo err >&2; exit 3'), 3, 'out\n', 'err\n'],
    ['bytes that are no text', cmd('printf', 'a\\377\\000b'), 0, 'a\uFFFD\0b', ''],
    ['words with every kind of quote', cmd('printf', '%s', `a'b"c\\d$e\`f%s\n`), 0, `a'b"c\\d$e\`f%s\n`, ''],
    ['nothing', cmd('true'), 0, '', ''],
    ['a stdin', { ...cmd('cat'), stdin: Buffer.from('a\0b') }, 0, 'a\0b', ''],
    ['no stdin', cmd('cat'), 0, '', ''],
    [
      'a folder and an environment',
      { ...script('pwd; echo "$A"'), cwd: '/usr', env: { A: "it's" } },
      0,
      "/usr\nit's\n",
      '',
    ],
    ['a program that is not there', script('exec no-such-program 2>/dev/null'), 127, '', ''],
    ['a death by signal', script('kill -KILL $$'), 137, '', ''],
    [
      'the usual signals',
      script('trap "echo caught" TERM PIPE HUP; kill -TERM $$; kill -PIPE $$; kill -HUP $$'),
      0,
      'caught\ncaught\ncaught\n',
      '',
    ],
  ] as const)('gives %s', async (_, command, code, stdout, stderr) => {
    const { ending, ...outcome } = await session().transaction(command, options());

    expect({ ending, ...outcome, ms: 0 }).toEqual({
      ending: { how: 'exit', code },
      stdout,
      stderr,
      truncated: false,
      ms: 0,
    });
  });

  it('leaves nothing on the host once its result was taken', async () => {
    await session().transaction(cmd('true'), options());

    expect(existsSync(join(RECORDS, name))).toBe(false);
  });

  it('leaves no process behind', async () => {
    for (let again = 0; again < 5; again += 1) await session().transaction(cmd('true'), options());

    expect(processesWith(`/bin/sh ${RECORDS}/${name}`)).toEqual([]);
  });

  it('shows its output while it runs', async () => {
    const seen: string[] = [];
    const onOutput = (stream: string, text: string): void => {
      seen.push(`${stream}:${text}`);
      if (text === 'begun\n') letGo();
    };

    await session().transaction(waiting(), options({ onOutput }));

    expect(seen[0]).toBe('stdout:begun\n');
    expect(seen.toSorted()).toEqual(['stderr:err\n', 'stdout:begun\n', 'stdout:ended\n']);
  });

  it('keeps its record to itself, and its secrets only until it read them', async () => {
    const running = session().transaction(
      { ...waiting(), stdin: new Secret('tx-planted-1'), env: { A: new Secret('tx-planted-2') } },
      options({
        onOutput: (_, text) => {
          if (text !== 'begun\n') return;
          kept.push(
            ...readdirSync(join(RECORDS, name))
              .filter((file) => file !== 'lock')
              .map(readRecord),
          );
          letGo();
        },
      }),
    );
    const kept: string[] = [];

    const { ending } = await running;

    expect(ending).toEqual({ how: 'exit', code: 0 });
    expect(kept.length).toBeGreaterThan(3);
    expect(kept.join('\n')).not.toContain('tx-planted');
  });

  it('goes on when the link is lost, is attached to again, and gives every byte once', async () => {
    const host = cuttable();
    const reasons: string[] = [];
    const lines = script('i=0; while [ $i -lt 100 ]; do echo "line $i"; i=$((i+1)); sleep 0.01; done; exit 4');
    let cuts = 0;
    const onOutput = (_: string, text: string): void => {
      if (cuts < 3 && text.includes(`line ${cuts * 25}`)) {
        cuts += 1;
        setImmediate(host.cut);
      }
    };

    const outcome = await host.session.transaction(
      lines,
      options({ onOutput, onReattach: (reason) => reasons.push(reason) }),
    );

    expect(outcome.ending).toEqual({ how: 'exit', code: 4 });
    expect(outcome.stdout).toBe(Array.from({ length: 100 }, (_, index) => `line ${index}\n`).join(''));
    expect([cuts, reasons.length, host.connected]).toEqual([3, 3, 4]);
  });

  it('is waited for while the host cannot be reached', async () => {
    const host = cuttable();
    const onOutput = (_: string, text: string): void => {
      if (text !== 'begun\n') return;
      host.down = true;
      setImmediate(host.cut);
      letGo();
      setTimeout(() => (host.down = false), 600);
    };

    const outcome = await host.session.transaction(waiting(), options({ onOutput }));

    expect([outcome.ending, outcome.stdout, timesRun()]).toEqual([{ how: 'exit', code: 0 }, 'begun\nended\n', 1]);
  });

  it('is given up as lost, not as failed, when the link does not come back', async () => {
    const host = cuttable({ reattachMs: 500 });
    const onOutput = (): void => {
      host.down = true;
      setImmediate(host.cut);
    };

    const { ending } = await host.session.transaction(waiting(), options({ onOutput }));
    letGo();

    expect(ending).toEqual({ how: 'lost', reason: 'no route to the host' });
  });

  it('is attached to by its name when copse comes back, and not begun again', async () => {
    const first = new AbortController();
    const detached: string[] = [];
    await session().transaction(
      waiting(7),
      options({
        signal: first.signal,
        onOutput: () => first.abort(),
        onDetach: (which) => detached.push(which),
      }),
    );
    letGo();

    const outcome = await session().transaction(waiting(7), options());

    expect({ ...outcome, ms: 0 }).toEqual({
      ending: { how: 'exit', code: 7 },
      stdout: 'begun\nended\n',
      stderr: 'err\n',
      truncated: false,
      ms: 0,
    });
    expect([timesRun(), detached]).toEqual([1, [name]]);
  });

  it('goes on when the run is interrupted', async () => {
    const stop = new AbortController();

    const { ending } = await session().transaction(
      waiting(),
      options({ signal: stop.signal, onOutput: () => stop.abort() }),
    );
    letGo();

    expect(ending).toEqual({ how: 'aborted' });
    expect(await settledFile(join(RECORDS, name, 'status'))).toBe('0\n');
  });

  it('gives its recorded result when it ended while nobody looked', async () => {
    const stop = new AbortController();
    await session().transaction(waiting(9), options({ signal: stop.signal, onOutput: () => stop.abort() }));
    letGo();
    await settledFile(join(RECORDS, name, 'status'));

    const outcome = await session().transaction(cmd('echo', 'another'), options());

    expect([outcome.ending, outcome.stdout, timesRun()]).toEqual([{ how: 'exit', code: 9 }, 'begun\nended\n', 1]);
  });

  it('is begun once when two attach at the same time', async () => {
    letGo();

    const outcomes = await Promise.all(
      [1, 2, 3].map(() =>
        session()
          .transaction(waiting(2), options())
          .catch((error: unknown) => error),
      ),
    );

    expect(timesRun()).toBe(1);
    // Whoever takes the result first removes the record; the others have it too, or say that it is gone.
    const told = outcomes.map((outcome) => (outcome instanceof Fault ? outcome.problems[0]?.code : exitOf(outcome)));
    expect(told).toContain(2);
    expect(told.filter((one) => one !== 2 && one !== 'E_ANSWER')).toEqual([]);
  });

  it('is ended on request only, with all it started', async () => {
    const stop = new AbortController();
    const command = script('echo begun; sleep 4751 & sleep 4752; echo no');
    await session().transaction(command, options({ signal: stop.signal, onOutput: () => stop.abort() }));
    expect(processesWith('sleep 475').length).toBe(2);

    await session().cancel(name, { as: undefined, signal: NEVER });
    const outcome = await session().transaction(command, options());

    expect(processesWith('sleep 475')).toEqual([]);
    expect([outcome.ending, outcome.stdout]).toEqual([{ how: 'exit', code: 143 }, 'begun\n']);
  });

  it('that is not known may be cancelled', async () => {
    await expect(session().cancel('copse-never-begun', { as: undefined, signal: NEVER })).resolves.toBeUndefined();
  });

  it('is ended at its deadline', async () => {
    const outcome = await session().transaction(
      script('echo begun; sleep 4753 & sleep 4754'),
      options({ deadlineMs: 500 }),
    );

    expect([outcome.ending, outcome.stdout]).toEqual([{ how: 'timeout', afterMs: 500 }, 'begun\n']);
    expect(processesWith('sleep 475')).toEqual([]);
    expect(existsSync(join(RECORDS, name))).toBe(false);
  });

  it('that was killed on the host is told from one that ended', async () => {
    const onOutput = (): void => {
      process.kill(-Number(readRecord('pid')), 'SIGKILL');
    };

    const { ending } = await session().transaction(script('echo begun; sleep 4755'), options({ onOutput }));

    expect(ending).toEqual({ how: 'signal', signal: 'SIGKILL' });
    expect(existsSync(join(RECORDS, name))).toBe(false);
  });

  it('is not begun in another boot of the host than it belongs to', async () => {
    const stop = new AbortController();
    await session().transaction(waiting(), options({ signal: stop.signal, onOutput: () => stop.abort() }));
    letGo();
    await settledFile(join(RECORDS, name, 'status'));
    rmSync(join(RECORDS, name, 'status'));
    writeFileSync(join(RECORDS, name, 'boot'), 'another-boot\n');

    const { ending } = await session().transaction(waiting(), options());

    expect([ending, timesRun()]).toEqual([{ how: 'lost', reason: 'the host restarted while it ran' }, 1]);
  });

  it('that prints without end does not fill the host: the beginning is kept', async () => {
    // The host looks once a second: what comes right after a cut is read before the next.
    const cut = `${RECORDS}/${name}/cut`;
    const flood = script(
      'yes 0123456 | head -c 2000000; until [ -e "$1" ]; do sleep 0.05; done; echo end; exit 5',
      cut,
    );

    const outcome = await session({ transactionBytes: 100_000 }).transaction(flood, options());

    expect([outcome.ending, outcome.truncated]).toEqual([{ how: 'exit', code: 5 }, true]);
    expect(outcome.stdout.startsWith('0123456\n')).toBe(true);
    expect(outcome.stdout.endsWith('end\n')).toBe(true);
  });

  describe.runIf(ROOT)('where systemd runs', () => {
    /** A host with a systemd-run that notes what it was given and starts it with an empty environment. */
    function withSystemd(body: string): HostSession {
      writeFileSync(join(folder, 'systemd-run'), `#!/bin/sh\necho "$@" >>${folder}/given\n${body}\n`, { mode: 0o755 });
      const opened = localSession((text) => `PATH=${folder}:$PATH; ${text.replaceAll('/run/systemd/system', folder)}`);
      sessions.push(opened);
      return opened;
    }
    const start = 'while [ "$1" != /bin/sh ]; do shift; done; setsid env -i "$@" >/dev/null 2>&1 &';

    it('is a unit of its own, under its own name, with the usual environment', async () => {
      const command = { ...script('echo "$HOME $LC_ALL $A"; command -v ls; exit 3'), env: { A: 'a' } };

      const outcome = await withSystemd(start).transaction(command, options());

      expect([outcome.ending, outcome.stdout]).toEqual([
        { how: 'exit', code: 3 },
        `${homedir()} C.UTF-8 a\n/usr/bin/ls\n`,
      ]);
      expect(readFileSync(join(folder, 'given'), 'utf8')).toMatch(new RegExp(`^--quiet --unit=${name} .*/bin/sh `));
    });

    it('is started without systemd when that does not work, and not twice when it did after all', async () => {
      letGo();

      const refused = await withSystemd('exit 1').transaction(waiting(1), options());
      const lied = await withSystemd(`${start}\nexit 1`).transaction(waiting(2), options());

      expect([refused.ending, lied.ending]).toEqual([
        { how: 'exit', code: 1 },
        { how: 'exit', code: 2 },
      ]);
      expect(timesRun()).toBe(2);
    });
  });

  it.each(['', 'a b', '../x', 'a/b', '-x', "x'y", 'x'.repeat(201)])('is refused under the name %j', async (wrong) => {
    const [problem] = await problemsOf(session().transaction(cmd('true'), options({ name: wrong })));

    expect(problem).toMatchObject({ code: 'E_VALUE', message: `expected a name for a transaction, found "${wrong}"` });
  });
});

function exitOf(outcome: unknown): unknown {
  const { ending } = outcome as Outcome;
  return exitCode(ending);
}

function readRecord(file: string): string {
  return readFileSync(join(RECORDS, name, file), 'utf8');
}

async function settledFile(path: string): Promise<string> {
  for (let tries = 0; tries < 100 && !existsSync(path); tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 50));
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
