import { describe, expect, it } from 'vitest';
import type { Event, Recap, TaskRef } from '../../src/core/events.ts';
import { maskWith } from '../../src/report/mask.ts';
import { createPaint } from '../../src/report/paint.ts';
import { createRecord } from '../../src/report/plain.ts';
import type { Verbosity } from '../../src/report/line-options.ts';

const ref: TaskRef = { play: 1, host: 'edge01', task: '1.1', name: 'tools are layered', module: 'rpm_ostree', turn: 0 };
const start: Event = {
  type: 'run-start',
  run: '20260101-000000-aaaa',
  at: '',
  version: '0',
  playbooks: ['site.yaml'],
  hosts: ['edge01', 'edge02'],
  check: false,
  forks: 5,
};
type TaskEnd = Extract<Event, { type: 'task-end' }>;
const taskEnd = (over: Partial<TaskEnd>): Event => ({
  type: 'task-end',
  ref,
  status: 'ok',
  ms: 12,
  diff: [],
  result: {},
  problems: [],
  ...over,
});
const recap = (over: Partial<Recap>): Recap => ({
  host: 'edge01',
  status: 'ok',
  counts: { ok: 1, changed: 0, ran: 0, skipped: 0, failed: 0, unreachable: 0, aborted: 0, rescued: 0, ignored: 0 },
  ms: 1500,
  owed: [],
  reboots: 0,
  ...over,
});

function told(events: readonly Event[], verbosity: Verbosity = 0): string {
  const record = createRecord({ paint: createPaint(false), verbosity });
  record(start);
  return [...events, { type: 'play-end', play: 1 } as const].flatMap((event) => record(event)).join('\n');
}

describe('the lines of a run', () => {
  it.each<[string, Event, Verbosity, string]>([
    ['nothing of a task that was right', taskEnd({}), 0, ''],
    ['a task that was right, with -v', taskEnd({}), 1, 'edge01    ok          tools are layered'],
    [
      'what changed, and how long it took',
      taskEnd({ status: 'changed', ms: 8200 }),
      0,
      'edge01    changed     tools are layered  8.2s',
    ],
    [
      'a failure with its reason, code and next step',
      taskEnd({ status: 'failed', problems: [{ code: 'E_REBOOT', message: 'it fell back', hint: 'look at it' }] }),
      0,
      'edge01    FAILED      tools are layered\n            it fell back [E_REBOOT]\n            hint: look at it',
    ],
    [
      'a failure that was ignored as ignored',
      taskEnd({ status: 'failed', tolerated: 'ignored', problems: [{ code: 'E_COMMAND', message: 'exit 1' }] }),
      0,
      'edge01    ignored     tools are layered\n            exit 1 [E_COMMAND]',
    ],
    [
      'a diff with its label',
      taskEnd({ status: 'changed', diff: [{ label: '/etc/motd', before: 'a\nb\n', after: 'a\nc\n' }] }),
      0,
      'edge01    changed     tools are layered\n            @@ /etc/motd\n             a\n            -b\n            +c',
    ],
    [
      'a debug message without -v',
      taskEnd({ message: 'hello' }),
      0,
      'edge01    ok          tools are layered\n            hello',
    ],
    [
      'no escape sequence of a host',
      taskEnd({ message: '\u001B[2J\u001B]0;owned\u0007evil\u0000' }),
      0,
      'edge01    ok          tools are layered\n            evil',
    ],
    [
      'the item of a loop',
      taskEnd({ status: 'failed', ref: { ...ref, item: 'nmap' }, problems: [{ code: 'E_COMMAND', message: 'no' }] }),
      0,
      'edge01    FAILED      tools are layered [nmap]\n            no [E_COMMAND]',
    ],
    [
      'why a play stopped',
      { type: 'play-end', play: 1, stopped: 'max_fail_percentage 10: 2 of 2 hosts failed' },
      0,
      'play stopped: max_fail_percentage 10: 2 of 2 hosts failed',
    ],
  ])('tell %s', (_, event, verbosity, text) => {
    expect(told([event], verbosity)).toBe(text);
  });

  it('tell the same change of several hosts once, with the longest time', () => {
    const on = (host: string, ms: number): Event => taskEnd({ status: 'changed', ms, ref: { ...ref, host } });

    expect(told([on('edge01', 100), on('edge02', 3000), on('edge03', 200)])).toBe(
      '3 hosts   changed     tools are layered  3.0s  edge01 edge02 edge03',
    );
    expect(told(Array.from({ length: 9 }, (_, n) => on(`h${n}`, 1)))).toBe(
      '9 hosts   changed     tools are layered  h0 h1 h2 h3 h4 h5 and 3 more',
    );
  });

  it('tell a failure at once, between the changes of others', () => {
    const record = createRecord({ paint: createPaint(false), verbosity: 0 });
    record(start);
    record(taskEnd({ status: 'changed' }));

    expect(record(taskEnd({ status: 'failed', problems: [{ code: 'E_COMMAND', message: 'exit 1' }] }))).toEqual([
      expect.stringContaining('FAILED') as string,
      expect.stringContaining('exit 1') as string,
    ]);
  });

  it('show output in whole lines, however it comes in pieces', () => {
    const record = createRecord({ paint: createPaint(false), verbosity: 0, showOutput: true });
    record(start);
    const piece = (text: string): Event => ({ type: 'step-output', ref, stream: 'stdout', text });

    const lines = [
      piece('on'),
      piece('e\ntwo\nthr'),
      piece('ee'),
      { type: 'step-end', ref, step: 0, changed: true, code: 0, ms: 1 } as const,
    ].flatMap((event) => record(event));

    expect(lines).toEqual(['edge01    | one', 'edge01    | two', 'edge01    | three']);
  });

  it('are silent about an action that was declared to change nothing', () => {
    expect(told([taskEnd({ status: 'ran', result: { changed: false } })])).toBe('');
  });

  it('say what would happen in check mode', () => {
    const record = createRecord({ paint: createPaint(false), verbosity: 0 });
    record({ ...start, check: true });

    expect([
      ...record(taskEnd({ status: 'changed', provisional: true })),
      ...record({ type: 'play-end', play: 1 }),
    ]).toEqual(['edge01    would change tools are layered  (provisional: after a pending change)']);
  });

  it('end with a table of hosts and one line that sums up', () => {
    const end: Event = {
      type: 'run-end',
      run: 'x',
      ms: 14_000,
      status: 2,
      recap: [
        recap({ status: 'changed', reboots: 1, counts: { ...recap({}).counts, changed: 2 } }),
        recap({
          host: 'edge02',
          status: 'failed',
          owed: ['restart agent'],
          counts: { ...recap({}).counts, failed: 1 },
        }),
      ],
    };

    expect(told([end])).toBe(
      [
        '',
        'RECAP                   ok changed failed reboots     time',
        'edge01    changed        1       2      0       1     1.5s',
        'edge02    failed         1       0      1       0     1.5s',
        'edge02    owed handlers, not run: restart agent',
        '2 hosts: 1 changed, 1 failed; 1 reboot; 14s',
      ].join('\n'),
    );
  });

  it('list only the hosts that need a look when there are many', () => {
    const hosts = Array.from({ length: 200 }, (_, index) => recap({ host: `h${index}` }));
    const lines = told([
      {
        type: 'run-end',
        run: 'x',
        ms: 1000,
        status: 4,
        recap: [...hosts, recap({ host: 'bad', status: 'unreachable' })],
      },
    ]);

    expect(lines.split('\n').slice(2)).toEqual([
      expect.stringMatching(/^bad {7}unreachable/) as string,
      '200 more hosts are fine',
      '201 hosts: 200 ok, 1 unreachable; 1.0s',
    ]);
  });
});

describe('masking', () => {
  it('removes a secret from every text of an event, however deep', () => {
    const mask = maskWith((text) => text.replaceAll('hunter2', '***'));

    const masked = mask(taskEnd({ result: { stdout: 'pw=hunter2', list: [{ a: 'xhunter2x' }] }, message: 'hunter2' }));

    expect(JSON.stringify(masked)).not.toContain('hunter2');
    expect(masked).toEqual(taskEnd({ result: { stdout: 'pw=***', list: [{ a: 'x***x' }] }, message: '***' }));
  });
});
