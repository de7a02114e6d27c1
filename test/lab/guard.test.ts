import { expect } from 'vitest';
import type { Event } from '../../src/core/events.ts';
import { onMachine, sshAnswers } from '../../lab/reach.ts';
import { until } from '../../lab/shell.ts';
import { problemsOf, recapOf, resultOf, startCopse, tasksOf, told, type CopseEnd } from './copse.ts';
import { rpmOstreeStatus, scenario } from './scenario.ts';

/** What is left of a guard anywhere below the folders it uses. */
const LEFT =
  'ls -d /var/lib/copse/guard /etc/systemd/system/*copse-guard* /etc/systemd/system/*/*copse-guard* 2>/dev/null || echo nothing';

const guarded = (guard: string, ...tasks: readonly string[]): string => `
- hosts: lab
  become: true
  tasks:
    - name: risky
      guard: ${guard}
      block:
${tasks.map((task) => `        - ${task}\n`).join('')}`;

const sshd = (line: string): string =>
  `{name: config, copy: {dest: /etc/ssh/sshd_config.d/10-lab.conf, content: "${line}\\n", mode: "0600"}}`;
const RESTART = '{name: restart, systemd_unit: {name: ssh.service, state: restarted}}';
/** New connections vanish, those that are open stay. */
const RULES =
  'table inet lockout { chain input { type filter hook input priority 0; tcp dport 22 ct state new drop; }; }';
const DROP = `{name: firewall, command: {argv: [nft, "${RULES}"]}}`;
const UNDROP = 'undo: [[nft, delete, table, inet, lockout]]';

const ended = (end: CopseEnd): unknown => resultOf(end, 'guard: risky')['guard'];

scenario(
  'a change that locks copse out is undone by the host, and a good one is confirmed',
  {
    proves:
      'sshd that lets nobody in, a firewall that drops, a clock that jumps; undone by the host and told; a good change stays',
  },
  async ({ machines: [machine], sh, play }) => {
    const locked = await play(guarded('{within: 2m, restart: ssh.service}', sshd('AllowUsers nobody'), RESTART), {
      user: 'admin',
    });

    expect([locked.code, problemsOf(locked), ended(locked)], told(locked)).toEqual([2, ['E_GUARD'], 'undone']);
    expect(await sh(machine, `ls /etc/ssh/sshd_config.d; ${LEFT}`)).toBe('lab.conf\nnothing');

    const good = await play(guarded('{within: 2m, restart: ssh.service}', sshd('AllowUsers admin root'), RESTART), {
      user: 'admin',
    });

    expect([good.code, tasksOf(good)], told(good)).toEqual([
      0,
      { config: 'changed', restart: 'changed', 'guard: risky': 'ran' },
    ]);
    expect(await sh(machine, `stat -c %a /etc/ssh/sshd_config.d/10-lab.conf; ${LEFT}`)).toBe('600\nnothing');

    const clock = '{name: clock, command: {argv: [date, --set, "+3 hours"]}}';
    const dropped = await play(guarded(`{within: 2m, ${UNDROP}}`, clock, DROP), { user: 'admin' });
    await sh(machine, 'date --set "-3 hours"');

    expect([dropped.code, problemsOf(dropped), ended(dropped)], told(dropped)).toEqual([2, ['E_GUARD'], 'undone']);
    expect(await sh(machine, `nft list tables; ${LEFT}; systemctl --failed --plain --no-legend`)).not.toContain(
      'lockout',
    );
    expect(await sh(machine, LEFT)).toBe('nothing');
  },
);

const kargs = (word: string): string => `{name: kargs, rpm_ostree: {kargs: {append: [${word}]}}}`;

scenario(
  'a guard holds over reboots: kernel arguments are confirmed or booted away again, and a copse that was killed is not needed',
  {
    proves:
      'confirmed and undone across real reboots, by exact deployment; power pulled in the window; resume tells it',
  },
  async ({ machines: [machine], folder, sh, fault, play, startPlay }) => {
    const good = await play(guarded('15m', kargs('lab.good=1')), { user: 'admin' });
    const before = (await rpmOstreeStatus(machine)).deployments[0]?.['id'];

    expect([good.code, ended(good), recapOf(good).reboots], told(good)).toEqual([0, 'confirmed', 1]);
    expect(await sh(machine, `grep -o lab.good=1 /proc/cmdline; ${LEFT}`)).toBe('lab.good=1\nnothing');

    // The new deployment boots, and then nobody gets in any more.
    const bad = await play(guarded(`{within: 4m, ${UNDROP}}`, sshd('MaxSessions 5'), kargs('lab.bad=1'), DROP), {
      user: 'admin',
    });

    expect([bad.code, ended(bad)], told(bad)).toEqual([2, 'undone']);
    const [first] = (await rpmOstreeStatus(machine)).deployments;
    expect([first?.['id'], first?.['booted']]).toEqual([before, true]);
    expect(await sh(machine, `grep -c lab.bad /proc/cmdline || :; ls /etc/ssh/sshd_config.d; ${LEFT}`)).toBe(
      '0\nlab.conf\nnothing',
    );

    const run = await startPlay(guarded('60s', sshd('MaxSessions 6'), '{name: long, command: sleep 600}'), {
      user: 'admin',
    });
    await run.seen('the long command', (event: Event) => event.type === 'step-start' && event.ref.name === 'long');
    run.kill('SIGKILL');
    const killed = await run.ended;
    await fault(machine, 'power-off');
    await fault(machine, 'power-on');
    await sshAnswers(machine);
    await until('the host has undone the change', 300_000, async () =>
      (await onMachine(machine, 'test ! -e /etc/ssh/sshd_config.d/10-lab.conf')).code === 0 ? true : undefined,
    );
    const start = killed.events.find((event) => event.type === 'run-start');
    const resumed = await startCopse(['resume', start?.type === 'run-start' ? start.run : ''], folder).ended;

    expect([resumed.code, problemsOf(resumed), ended(resumed)], told(resumed)).toEqual([2, ['E_GUARD'], 'undone']);
    expect(await sh(machine, LEFT)).toBe('nothing');
  },
);
