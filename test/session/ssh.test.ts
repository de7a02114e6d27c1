import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cmd, script } from '../../src/core/command.ts';
import type { PutStep } from '../../src/core/step.ts';
import { NO_SSHD } from '../support/sshd.ts';
import { overSsh, type OverSsh } from './over-ssh.ts';
import { installed, NEVER, PLAIN, problemsOf, processesWith } from './this-machine.ts';

const opened: OverSsh[] = [];
let folder: string;

async function open(...parts: Parameters<typeof overSsh>): Promise<OverSsh> {
  const host = await overSsh(...parts);
  opened.push(host);
  return host;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'copse-ssh-'));
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((host) => host.stop()));
  rmSync(folder, { recursive: true, force: true });
});

/** Ends the processes that serve the connections of an sshd, as a crash or the OOM killer would. */
function killChildren(pid: number): void {
  const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)])
    .toString()
    .trim()
    .split(/\s+/);
  for (const child of children) process.kill(Number(child), 'SIGKILL');
}

/** Waits until something holds. */
async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !holds(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 25));
}

describe.skipIf(NO_SSHD)('over ssh', () => {
  it('a session asks, runs, puts, fetches and follows', async () => {
    const { session, proxy } = await open();
    const path = join(folder, 'file');

    const { who } = await session.ask({ who: cmd('id', '-un') }, undefined, NEVER);
    const ran = await session.run({ ...script('cat; exit 3'), stdin: 'in' }, PLAIN);
    await session.put({ do: 'put', say: '', path, content: 'content' }, PLAIN);
    const fetched = await session.fetch(path, PLAIN);
    const followed = await session.transaction(cmd('echo', 'tx'), { ...PLAIN, name: `copse-ssh-${process.pid}` });

    expect(who?.code).toBe(0);
    expect([ran.ending, ran.stdout]).toEqual([{ how: 'exit', code: 3 }, 'in']);
    expect([readFileSync(path, 'utf8'), Buffer.from(fetched).toString()]).toEqual(['content', 'content']);
    expect([followed.ending, followed.stdout]).toEqual([{ how: 'exit', code: 0 }, 'tx\n']);
    expect(proxy.accepted()).toBe(1);
  });

  it.each(['fish', 'tcsh', 'zsh', 'bash'].filter(installed))('the login shell may be %s', async (shell) => {
    const { session } = await open({ config: [`ForceCommand exec ${shell} -c "$SSH_ORIGINAL_COMMAND"`] });
    const words = [`a'b"c\\d!e$f\n`, 'ü', '*'];

    const { q } = await session.ask({ q: cmd('printf', '%s|', ...words) }, undefined, NEVER);
    const ran = await session.run(cmd('printf', '%s|', ...words), PLAIN);

    expect([q?.stdout, ran.stdout]).toEqual([`${words.join('|')}|`, `${words.join('|')}|`]);
  });

  it.each([
    ['/bin/false', 'exit 1'],
    ['echo This account is closed; exit 1', 'This account is closed'],
  ])('a login shell that is %s is a problem that says so', async (command, said) => {
    const { session } = await open({ config: [`ForceCommand ${command}`] });

    const asked = await problemsOf(session.ask({ q: cmd('true') }, undefined, NEVER));
    const ran = await problemsOf(session.run(cmd('true'), PLAIN));

    expect([asked[0]?.code, ran[0]?.code]).toEqual(['E_CONNECT', 'E_CONNECT']);
    expect(ran[0]?.message).toContain(said);
  });

  it('a question is asked again over a new connection when the link breaks in its middle', async () => {
    const { session, proxy } = await open();
    await session.ask({ warm: cmd('true') }, undefined, NEVER);
    const asked = session.ask(
      { a: cmd('echo', 'a'), b: script('sleep 0.5; echo b'), c: cmd('echo', 'c') },
      undefined,
      NEVER,
    );
    setTimeout(() => proxy.resetAll(), 200);

    const answers = await asked;

    expect(Object.values(answers).map(({ stdout }) => stdout)).toEqual(['a\n', 'b\n', 'c\n']);
    expect(proxy.accepted()).toBe(2);
  });

  it('a question is asked again when its sshd is killed', async () => {
    const { session, sshd, proxy } = await open();
    await session.ask({ warm: cmd('true') }, undefined, NEVER);
    const asked = session.ask({ a: cmd('echo', 'a'), b: script('sleep 0.4; echo b') }, undefined, NEVER);
    setTimeout(() => killChildren(sshd.pid()), 150);

    const { a, b } = await asked;

    expect([a?.stdout, b?.stdout, proxy.accepted()]).toEqual(['a\n', 'b\n', 2]);
  });

  it('an answer that drips for ever is given up at its deadline', async () => {
    const { session, proxy } = await open({}, { questionMs: 1000 }, 60_000);
    await session.ask({ warm: cmd('true') }, undefined, NEVER);
    proxy.set({ drip: 5 });
    setTimeout(() => proxy.set({}), 1500);

    const { q } = await session.ask({ q: cmd('seq', '100000') }, undefined, NEVER);

    expect(q?.code).toBe(124);
  });

  it('a link that breaks each time is given up after three tries', async () => {
    const { session, proxy } = await open();
    await session.ask({ warm: cmd('true') }, undefined, NEVER);
    const breaking = setInterval(() => proxy.resetAll(), 400);

    const [problem] = await problemsOf(session.ask({ q: cmd('sleep', '4') }, undefined, NEVER));
    clearInterval(breaking);

    expect(['E_LOST', 'E_CONNECT']).toContain(problem?.code);
  });

  it('a command is never sent again: its end is told as not known', async () => {
    const { session, proxy } = await open();
    const runs = join(folder, 'runs');
    const onOutput = (): void => proxy.resetAll();

    const { ending, stdout } = await session.run(script('echo x >>"$1"; echo begun; sleep 1', runs), {
      ...PLAIN,
      onOutput,
    });
    await session.ask({ next: cmd('true') }, undefined, NEVER);

    expect(ending.how).toBe('lost');
    expect([stdout, readFileSync(runs, 'utf8')]).toEqual(['begun\n', 'x\n']);
  });

  it('a file is whole or not there when the link breaks while it is written', async () => {
    const { session, proxy } = await open();
    writeFileSync(join(folder, 'file'), 'old');
    const step: PutStep = { do: 'put', say: '', path: join(folder, 'file'), content: Buffer.alloc(80_000_000) };
    const putting = problemsOf(session.put(step, PLAIN));
    await until(() => readdirSync(folder).length > 1);
    proxy.resetAll();

    const [problem] = await putting;
    await until(() => readdirSync(folder).length === 1);

    expect(problem?.code).toBe('E_LOST');
    expect([readdirSync(folder), readFileSync(join(folder, 'file'), 'utf8')]).toEqual([['file'], 'old']);
  });

  it('a detached command goes on through broken links and gives every byte once', async () => {
    const { session, proxy } = await open();
    const lines = script('i=0; while [ $i -lt 60 ]; do echo "line $i"; i=$((i+1)); sleep 0.02; done; exit 4');
    let cuts = 0;
    const onOutput = (_: string, text: string): void => {
      if (cuts >= 2 || !text.includes(`line ${20 + cuts * 20}`)) return;
      cuts += 1;
      setImmediate(() => (cuts === 1 ? proxy.resetAll() : proxy.endAll()));
    };

    const outcome = await session.transaction(lines, { ...PLAIN, onOutput, name: `copse-cut-${process.pid}` });

    expect(outcome.ending).toEqual({ how: 'exit', code: 4 });
    expect(outcome.stdout).toBe(Array.from({ length: 60 }, (_, index) => `line ${index}\n`).join(''));
    expect(cuts).toBe(2);
  });

  it('a detached command is followed again when the link went silent', async () => {
    const { session, proxy } = await open();
    const command = script('echo begun; while [ ! -e "$1/go" ]; do sleep 0.05; done; echo ended', folder);
    const onOutput = (_: string, text: string): void => {
      if (text !== 'begun\n') return;
      proxy.set({ blackHole: true });
      setTimeout(() => {
        proxy.resetAll();
        proxy.set({});
        writeFileSync(join(folder, 'go'), '');
      }, 2500);
    };

    const outcome = await session.transaction(command, { ...PLAIN, onOutput, name: `copse-silent-${process.pid}` });

    expect([outcome.ending, outcome.stdout]).toEqual([{ how: 'exit', code: 0 }, 'begun\nended\n']);
  });

  it('a silent link does not hang a question beyond its deadlines', async () => {
    const { session, proxy } = await open({}, { questionMs: 500, channelMs: 1000 });
    await session.ask({ warm: cmd('true') }, undefined, NEVER);
    proxy.set({ blackHole: true });

    const asked = session.ask({ q: cmd('true') }, undefined, NEVER);
    const outcome = await asked.then(
      ({ q }) => String(q?.code),
      (error: unknown) => (error instanceof Error ? error.constructor.name : ''),
    );

    // The question itself timed out; whether a new shell could be had afterwards is another matter.
    expect(['124', 'Fault']).toContain(outcome);
  });

  it.each([
    ['at its deadline', {}, 500],
    ['on interrupt', { abort: true }, 10_000],
  ])('a command is ended on the host %s', async (_, { abort }: { abort?: boolean }, deadlineMs) => {
    const { session } = await open();
    const stop = new AbortController();
    const onOutput = (): void => (abort === true ? stop.abort() : undefined);

    const { ending } = await session.run(script('echo begun; sleep 4761 & sleep 4762'), {
      ...PLAIN,
      deadlineMs,
      signal: stop.signal,
      onOutput,
    });

    expect(ending.how).toBe(abort === true ? 'aborted' : 'timeout');
    expect(processesWith('sleep 476')).toEqual([]);
  });

  it('an interrupt while the host is asked leaves nothing running there', async () => {
    const { session } = await open();
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 400);

    const [problem] = await problemsOf(session.ask({ q: cmd('sleep', '4763') }, undefined, stop.signal));

    expect(problem?.code).toBe('E_ABORTED');
    expect(processesWith('sleep 4763')).toEqual([]);
  });

  it('one channel at a time is enough', async () => {
    const { session } = await open({ config: ['MaxSessions 1'] });
    const path = join(folder, 'file');

    const first = await session.ask({ q: cmd('echo', 'one') }, undefined, NEVER);
    const ran = await session.run(cmd('echo', 'two'), PLAIN);
    const second = await session.ask({ q: cmd('echo', 'three') }, undefined, NEVER);
    await session.put({ do: 'put', say: '', path, content: 'four' }, PLAIN);
    const slow = await session.run(cmd('sleep', '4764'), { ...PLAIN, deadlineMs: 300 });

    expect([first['q']?.stdout, ran.stdout, second['q']?.stdout, readFileSync(path, 'utf8')]).toEqual([
      'one\n',
      'two\n',
      'three\n',
      'four',
    ]);
    expect(slow.ending).toEqual({ how: 'timeout', afterMs: 300 });
    expect(processesWith('sleep 4764')).toEqual([]);
  });

  it('a dropped session connects anew', async () => {
    const { session, proxy } = await open();
    await session.ask({ q: cmd('true') }, undefined, NEVER);

    await session.drop();
    const { q } = await session.ask({ q: cmd('echo', 'again') }, undefined, NEVER);

    expect([q?.stdout, proxy.accepted()]).toEqual(['again\n', 2]);
  });

  it('much output does not fill the memory of either side', async () => {
    const { session } = await open();
    const before = process.memoryUsage().rss;

    const { ending, stdout, truncated } = await session.run(script('yes 0123456789 | head -c 300000000'), {
      ...PLAIN,
      deadlineMs: 60_000,
    });

    expect([ending, truncated]).toEqual([{ how: 'exit', code: 0 }, true]);
    expect(stdout.length).toBeLessThan(6 * 1024 * 1024);
    expect(process.memoryUsage().rss - before).toBeLessThan(180 * 1024 * 1024);
  }, 60_000);

  it('a command whose deadline passes before it could say that it began is ended all the same', async () => {
    const { session, proxy } = await open({}, {}, 60_000);
    await session.connect(NEVER);
    proxy.set({ delayMs: 300 });

    const { ending } = await session.run(cmd('sleep', '4765'), { ...PLAIN, deadlineMs: 1050 });
    await until(() => processesWith('sleep 4765').length === 0);

    expect(ending).toEqual({ how: 'timeout', afterMs: 1050 });
    expect(processesWith('sleep 4765')).toEqual([]);
  });
});
