import { describe, expect, it } from 'vitest';
import { fault } from '../../src/core/problem.ts';
import type { FakeHost } from '../support/fake-session.ts';
import { play } from './harness.ts';

const failsOn =
  (host: string, word: string) =>
  (name: string): FakeHost => ({ commands: [[word, name === host ? { code: 1, stderr: 'no' } : '']] });

describe('a play', () => {
  it('keeps hosts in step: no host begins a task before every other one finished the last', async () => {
    const { ends } = await play(`
- hosts: all
  gather_facts: false
  tasks:
    - {name: one, command: one}
    - {name: two, command: two}
`);

    expect(ends.map((line) => line.split(' ')[1])).toEqual(['one', 'one', 'two', 'two']);
  });

  it('that lets each host go at its own pace takes turns host by host, also with fewer turns than hosts', async () => {
    const text =
      '- hosts: all\n  strategy: free\n  gather_facts: false\n  tasks:\n    - {name: one, command: one}\n    - {name: two, command: two}\n';
    const { ends } = await play(text, { options: { forks: 1 } });

    expect(ends).toEqual(['a one ran', 'a two ran', 'b one ran', 'b two ran']);
  });

  it('goes on with the other hosts when one fails, and says 2', async () => {
    const { ends, result } = await play(
      `
- hosts: all
  gather_facts: false
  tasks:
    - {name: one, command: one}
    - {name: two, command: two}
`,
      { script: failsOn('a', 'one') },
    );

    expect([...ends].sort()).toEqual(['a one failed', 'b one ran', 'b two ran']);
    expect([result.status, result.recap.map(({ host, status }) => [host, status])]).toEqual([
      2,
      [
        ['a', 'failed'],
        ['b', 'ok'],
      ],
    ]);
  });

  it('leaves a host that cannot be reached out of everything that follows, and says 4', async () => {
    const { ends, result } = await play(
      `
- hosts: all
  gather_facts: false
  tasks: [{name: one, command: one}]
- hosts: all
  gather_facts: false
  tasks: [{name: two, command: two}]
`,
      { script: (host) => (host === 'a' ? { connect: fault({ code: 'E_CONNECT', message: 'refused' }) } : {}) },
    );

    expect(ends).toEqual(['a one unreachable', 'b one ran', 'b two ran']);
    expect(result.status).toBe(4);
  });

  it.each([
    ['stops everybody after the first failure under any_errors_fatal', 'any_errors_fatal: true', undefined],
    ['stops when more than max_fail_percentage failed', 'max_fail_percentage: 20', undefined],
    ['goes on while no more than max_fail_percentage failed', 'max_fail_percentage: 50', 'ran'],
  ])('%s', async (_, keyword, second) => {
    const { status } = await play(
      `
- hosts: all
  gather_facts: false
  ${keyword}
  tasks:
    - {name: one, command: one}
    - {name: two, command: two}
`,
      { hosts: ['a', 'b', 'c'], script: failsOn('a', 'one') },
    );

    expect(status('b', 'two')).toBe(second);
  });

  it('runs a later batch only when not all of the earlier one failed', async () => {
    const { ends, events } = await play(
      `
- hosts: all
  gather_facts: false
  serial: 1
  tasks: [{name: one, command: one}]
`,
      { hosts: ['a', 'b'], script: failsOn('a', 'one') },
    );

    expect(ends).toEqual(['a one failed']);
    expect(events.find((event) => event.type === 'play-end')).toEqual({
      type: 'play-end',
      play: 1,
      stopped: 'every host of the batch failed',
    });
  });

  it('begins nothing new once it is interrupted, and says 99', async () => {
    const controller = new AbortController();
    const { ends, result } = await play(
      `
- hosts: all
  gather_facts: false
  tasks:
    - {name: one, command: one}
    - {name: two, command: two}
`,
      {
        hosts: ['a'],
        signal: controller.signal,
        script: () => ({
          commands: [
            [
              'one',
              () => {
                controller.abort();
                return { ending: { how: 'aborted' } };
              },
            ],
          ],
        }),
      },
    );

    expect(ends).toEqual(['a one aborted']);
    expect(result.status).toBe(99);
  });
});

describe('a task', () => {
  it('is skipped when its condition is false, and its result says so', async () => {
    const { status } = await play(`
- hosts: all
  gather_facts: false
  tasks:
    - {name: one, command: one, when: host.name == 'b', register: first}
    - {name: two, command: two, when: "!first.skipped"}
`);

    expect(['a', 'b'].map((host) => [status(host, 'one'), status(host, 'two')])).toEqual([
      ['skipped', 'skipped'],
      ['ran', 'ran'],
    ]);
  });

  it('goes over its loop and registers every result', async () => {
    const { sessions, status } = await play(
      `
- hosts: all
  gather_facts: false
  tasks:
    - {name: one, command: "echo \${{ item }}", loop: [x, y], register: out}
    - name: two
      assert: {that: ["out.results.map(r, r.stdout) == ['echo x', 'echo y']", out.results.size() == 2]}
`,
      { hosts: ['a'], script: () => ({ commands: [[/^echo/, (command) => command.argv.join(' ')]] }) },
    );

    expect(status('a', 'two')).toBe('ok');
    expect(sessions.get('a')?.calls.filter((call) => call.do === 'run')).toHaveLength(2);
  });

  it('is skipped when a condition says that its list is not there', async () => {
    const { status, result } = await play(
      `
- hosts: all
  gather_facts: false
  tasks:
    - {name: one, command: "echo \${{ item }}", loop: "\${{ host.vars.disks }}", when: has(host.vars.disks)}
`,
      { hosts: ['a'] },
    );

    expect([status('a', 'one'), result.status]).toEqual(['skipped', 0]);
  });

  it('gives a skipped task every declared result, empty', async () => {
    const { status } = await play(
      `
- hosts: all
  gather_facts: false
  tasks:
    - {name: one, command: one, register: r, when: false}
    - {name: two, assert: {that: [r.skipped && r.stdout == '']}}
`,
      { hosts: ['a'] },
    );

    expect(status('a', 'two')).toBe('ok');
  });

  it('tries again until its condition holds', async () => {
    const { sessions, status } = await play(
      `
- hosts: all
  gather_facts: false
  tasks: [{name: one, command: one, register: r, until: r.stdout == 'up', retries: 5, delay: 1s}]
`,
      { hosts: ['a'], script: () => ({ commands: [['one', (_, before) => (before < 2 ? 'down' : 'up')]] }) },
    );

    expect(status('a', 'one')).toBe('ran');
    expect(sessions.get('a')?.calls.filter((call) => call.do === 'run')).toHaveLength(3);
  });

  it('gives up when its condition never holds', async () => {
    const { status, events } = await play(
      `
- hosts: all
  gather_facts: false
  tasks: [{name: one, command: one, register: r, until: r.stdout == 'up', retries: 2, delay: 1s}]
`,
      { hosts: ['a'] },
    );

    expect(status('a', 'one')).toBe('failed');
    expect(JSON.stringify(events)).toContain('until did not become true in 3 tries');
  });

  it.each([
    ['failed_when makes a good exit a failure', 'failed_when: r.stdout == "bad"', { stdout: 'bad' }, 'failed'],
    ['failed_when pardons a bad exit', 'failed_when: r.rc > 5', { code: 3 }, 'ok'],
    ['ignore_errors lets the host go on', 'ignore_errors: true', { code: 3 }, 'failed'],
  ])('%s', async (_, keyword, reply, expected) => {
    const { status, result } = await play(
      `
- hosts: all
  gather_facts: false
  tasks: [{name: one, command: one, register: r, ${keyword}}, {name: two, command: two}]
`,
      { hosts: ['a'], script: () => ({ commands: [['one', reply]] }) },
    );

    expect(status('a', 'one')).toBe(expected === 'ok' ? 'changed' : expected);
    expect(result.status).toBe(keyword.startsWith('failed_when: r.stdout') ? 2 : 0);
  });

  it('runs once for all hosts under run_once, and all see its result', async () => {
    const { sessions, status } = await play(
      `
- hosts: all
  gather_facts: false
  tasks:
    - {name: one, command: one, run_once: true, register: r}
    - {name: two, assert: {that: [r.stdout == 'once']}}
`,
      { hosts: ['a', 'b', 'c'], script: () => ({ commands: [['one', 'once']] }) },
    );

    const runs = [...sessions.values()].flatMap((session) => session.calls).filter((call) => call.do === 'run');
    expect(runs).toHaveLength(1);
    expect(['a', 'b', 'c'].map((host) => status(host, 'two'))).toEqual(['ok', 'ok', 'ok']);
  });

  it('acts on the host it is delegated to', async () => {
    const { sessions } = await play(
      `
- hosts: a
  gather_facts: false
  tasks: [{name: one, command: "tell \${{ host.name }}", delegate_to: b}]
`,
      {},
    );

    expect(sessions.get('b')?.calls.filter((call) => call.do === 'run')).toEqual([
      { do: 'run', as: expect.any(String) as string, command: 'tell a' },
    ]);
  });

  it('is hidden under no_log: no result, no diff, no reason', async () => {
    const { events } = await play(
      `
- hosts: all
  gather_facts: false
  tasks: [{name: one, command: one, no_log: true}]
`,
      { hosts: ['a'], script: () => ({ commands: [['one', { code: 1, stdout: 'private', stderr: 'private' }]] }) },
    );

    const end = events.find((event) => event.type === 'task-end');
    expect(JSON.stringify(end)).not.toContain('private');
  });

  it('asks questions of many tasks in one round trip', async () => {
    const tasks = Array.from({ length: 20 }, (_, n) => `    - {name: t${n}, file: {path: /etc/f${n}, state: absent}}`);
    const { sessions } = await play(`- hosts: all\n  gather_facts: false\n  tasks:\n${tasks.join('\n')}\n`, {
      hosts: ['a'],
      script: () => ({ otherwise: 'above /etc\n\n' }),
    });

    const asks = sessions.get('a')?.calls.flatMap((call) => (call.do === 'ask' ? [call.questions.length] : []));
    expect(asks).toEqual([20]);
  });
});

describe('handlers', () => {
  it('run once at the end, in the order they are defined, and only when notified', async () => {
    const { ends } = await play(
      `
- hosts: all
  gather_facts: false
  tasks:
    - {name: one, command: one, notify: [second, first]}
    - {name: two, command: two, notify: first}
  handlers:
    - {name: first, command: h1}
    - {name: second, command: h2}
    - {name: third, command: h3}
`,
      { hosts: ['a'] },
    );

    expect(ends).toEqual(['a one ran', 'a two ran', 'a first ran', 'a second ran']);
  });

  it('are owed when the host failed before they could run', async () => {
    const { result } = await play(
      `
- hosts: all
  gather_facts: false
  tasks:
    - {name: one, command: one, notify: restart}
    - {name: two, command: two}
  handlers: [{name: restart, command: h}]
`,
      { hosts: ['a'], script: failsOn('a', 'two') },
    );

    expect(result.recap[0]?.owed).toEqual(['restart']);
  });
});

describe('a block', () => {
  const text = `
- hosts: all
  gather_facts: false
  tasks:
    - block:
        - {name: try, command: try}
        - {name: more, command: more}
      rescue: [{name: rescue, command: rescue}]
      always: [{name: always, command: always}]
    - {name: after, command: after}
`;
  it.each([
    [
      'runs rescue and always when a task failed, and the host goes on',
      { code: 1 },
      ['try failed', 'rescue ran', 'always ran', 'after ran'],
    ],
    ['runs always and no rescue when all went well', '', ['try ran', 'more ran', 'always ran', 'after ran']],
    [
      'rescues a host that became unreachable and is back',
      { ending: { how: 'lost', reason: 'reset' } } as const,
      ['try unreachable', 'rescue ran', 'always ran', 'after ran'],
    ],
  ])('%s', async (_, reply, expected) => {
    const { ends, result } = await play(text, { hosts: ['a'], script: () => ({ commands: [['try', reply]] }) });

    expect(ends.map((line) => line.slice(2))).toEqual(expected);
    expect(result.status).toBe(0);
  });

  it('ends the host when rescue fails too, after always', async () => {
    const { ends, result } = await play(text, {
      hosts: ['a'],
      script: () => ({ commands: [[/^(try|rescue)$/, { code: 1 }]] }),
    });

    expect(ends.map((line) => line.slice(2))).toEqual(['try failed', 'rescue failed', 'always ran']);
    expect(result.status).toBe(2);
  });

  it('goes over a loop as a whole', async () => {
    const { sessions } = await play(
      `
- hosts: all
  gather_facts: false
  tasks:
    - loop: [x, y]
      block:
        - {name: one, command: "one \${{ item }}"}
        - {name: two, command: "two \${{ item }}"}
`,
      { hosts: ['a'] },
    );

    const ran = sessions.get('a')?.calls.flatMap((call) => (call.do === 'run' ? [call.command] : []));
    expect(ran).toEqual(['one x', 'two x', 'one y', 'two y']);
  });
});

describe('check mode', () => {
  it('sends nothing that changes a host, and says what would', async () => {
    const { sessions, ends, events } = await play(
      `
- hosts: all
  gather_facts: false
  tasks:
    - {name: one, command: one, register: r}
    - {name: two, assert: {that: [r.stdout == 'x']}}
    - {name: three, file: {path: /etc/x, state: directory}}
`,
      { hosts: ['a'], options: { check: true }, script: () => ({ otherwise: 'above /etc\n\n' }) },
    );

    expect(ends).toEqual(['a one ran', 'a two skipped', 'a three changed']);
    expect(sessions.get('a')?.calls.every((call) => ['connect', 'ask', 'close'].includes(call.do))).toBe(true);
    expect(events.some((event) => event.type === 'step-start')).toBe(false);
  });
});

describe('what is said before it is done', () => {
  it('the intent of every step is out before it is sent', async () => {
    const order: string[] = [];
    const { events } = await play(
      `
- hosts: all
  gather_facts: false
  tasks: [{name: one, command: one}]
`,
      {
        hosts: ['a'],
        script: () => ({
          commands: [
            [
              'one',
              () => {
                order.push('sent');
                return '';
              },
            ],
          ],
        }),
      },
    );

    const types = events.map((event) => event.type);
    expect(types.indexOf('step-start')).toBeLessThan(types.indexOf('step-end'));
    expect(order).toEqual(['sent']);
  });
});
