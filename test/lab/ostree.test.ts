import { expect } from 'vitest';
import type { Machine } from '../../lab/machine.ts';
import { bootId } from '../../lab/reach.ts';
import { problemsOf, recapOf, resultOf, tasksOf, told } from './copse.ts';
import { rpmOstreeStatus, scenario } from './scenario.ts';

const next = 'deploy: "fleet:lab/next/x86_64", kargs: {append: [lab.ostree=1]}';

const remote = ({ httpPort }: Machine): string => `
- hosts: lab
  become: true
  tasks:
    - {name: remote, ostree_remote: {name: fleet, url: "http://10.0.2.2:${httpPort}/repo", gpg_verify: false}}
`;

const staged = (machine: Machine): string =>
  `${remote(machine)}    - {name: pulled, ostree_refs: {refs: ["fleet:lab/stable/x86_64", "fleet:lab/next/x86_64"], update: true}}
    - {name: next, ostree: {${next}, activate: stage}}
`;

const booted = (machine: Machine): string => `${remote(machine)}    - {name: next, ostree: {${next}}}
    - {name: drift, ostree_check: {config_diff: true}}
    - {name: kept, ostree: {pinned: booted}}
`;

const expected = (paths: readonly string[]): string => `
- hosts: lab
  become: true
  tasks:
    - {name: expected, ostree_check: {allow_changes: ${JSON.stringify(paths)}}}
`;

const back = `
- hosts: lab
  become: true
  tasks:
    - {name: back, ostree: {set_default: "13.1"}}
    - {name: room, ostree: {unpinned: "14.0", undeploy: "14.0"}, allow_destroy: ["14.0"]}
    - name: tidy
      ostree_refs: {absent: ["fleet:lab/stable/x86_64", "fleet:lab/next/x86_64"], prune: {}}
      allow_destroy: [/ostree/repo]
`;

scenario(
  'a ref over HTTP is staged with a kernel argument, booted, compared and pinned, and the deployment of before boots again',
  {
    proves:
      'ostree: remote, refs, stage, kargs, config diff told and asserted, pin, set default, undeploy, prune: two reboots',
  },
  async ({ machines: [machine], sh, play }) => {
    const pointsOf = async (of: Machine): Promise<Record<string, string>> =>
      Object.fromEntries(
        (await sh(of, 'ostree remote refs -r fleet')).split('\n').map((line) => line.split(/\s+/).slice(0, 2)),
      ) as Record<string, string>;

    const first = await play(staged(machine), { user: 'admin' });
    expect([first.code, tasksOf(first)], told(first)).toEqual([
      0,
      { remote: 'changed', pulled: 'changed', next: 'changed' },
    ]);
    expect(resultOf(first, 'pulled')['refs']).toMatchObject(await pointsOf(machine));
    expect(resultOf(first, 'next')).toMatchObject({ needs_reboot: true, version: '13.1' });
    expect((await rpmOstreeStatus(machine)).deployments).toMatchObject([
      { staged: true, version: '14.0', booted: false },
      { version: '13.1', booted: true },
    ]);
    const second = await play(staged(machine), { user: 'admin' });
    expect([tasksOf(second), recapOf(second).reboots], told(second)).toEqual([
      { remote: 'ok', pulled: 'ok', next: 'ok' },
      0,
    ]);

    // What changes in /etc until the reboot comes along.
    await sh(machine, 'echo later >/etc/later.conf');
    const before = await bootId(machine);
    const third = await play(booted(machine), { user: 'admin' });
    expect([third.code, tasksOf(third)], told(third)).toEqual([
      0,
      { remote: 'ok', next: 'changed', drift: 'ok', kept: 'changed' },
    ]);
    expect([recapOf(third).reboots, (await bootId(machine)) === before]).toEqual([1, false]);
    expect(await sh(machine, 'grep -o "lab[.]ostree=[^ ]*" /proc/cmdline; cat /etc/later.conf')).toBe(
      'lab.ostree=1\nlater',
    );
    expect(resultOf(third, 'next')).toMatchObject({
      needs_reboot: false,
      version: '14.0',
      origin: 'fleet:lab/next/x86_64',
    });
    expect((await rpmOstreeStatus(machine)).deployments).toMatchObject([
      { version: '14.0', booted: true, pinned: true },
      { version: '13.1', booted: false, pinned: false },
    ]);
    const fourth = await play(booted(machine), { user: 'admin' });
    expect([tasksOf(fourth), recapOf(fourth).reboots], told(fourth)).toEqual([
      { remote: 'ok', next: 'ok', drift: 'ok', kept: 'ok' },
      0,
    ]);

    const { modified, added, removed } = resultOf(fourth, 'drift') as Record<string, string[]>;
    expect(added).toEqual(expect.arrayContaining(['/etc/later.conf', '/etc/ostree/remotes.d/fleet.conf']));
    expect(modified).toContain('/etc/hostname');
    const known = [modified, added, removed].flatMap((list) => list ?? []);
    const more = await play(expected(known.filter((path) => path !== '/etc/later.conf')), { user: 'admin' });
    expect([more.code, problemsOf(more)], told(more)).toEqual([2, ['E_ASSERT']]);
    expect(told(more)).toContain('/etc differs from the image where it should not: added /etc/later.conf');
    const all = await play(expected(known), { user: 'admin' });
    expect([all.code, tasksOf(all)], told(all)).toEqual([0, { expected: 'ok' }]);

    const fifth = await play(back, { user: 'admin' });
    expect([fifth.code, tasksOf(fifth)], told(fifth)).toEqual([
      0,
      { back: 'changed', room: 'changed', tidy: 'changed' },
    ]);
    expect(recapOf(fifth).reboots).toBe(1);
    expect((await rpmOstreeStatus(machine)).deployments).toMatchObject([{ version: '13.1', booted: true }]);
    expect(
      await sh(machine, 'ostree refs | grep -c ^fleet: || :; find /ostree/repo/objects -name "*.commit" | wc -l'),
    ).toBe('0\n1');
    // The argument belongs to the deployment that is gone.
    expect(await sh(machine, 'grep -c "lab[.]ostree" /proc/cmdline || :')).toBe('0');
    const sixth = await play(back, { user: 'admin' });
    expect([tasksOf(sixth), recapOf(sixth).reboots], told(sixth)).toEqual([{ back: 'ok', room: 'ok', tidy: 'ok' }, 0]);
  },
);

const upgraded = `
- hosts: lab
  become: true
  tasks:
    - {name: newest, ostree: {upgrade: true}}
    - {name: history, ostree_check: {log: "lab:lab/stable/x86_64", refs: true}}
`;

const unlocked = `
- hosts: lab
  become: true
  tasks:
    - {name: writable, ostree: {unlock: development}}
`;

/** Tells when what is staged is locked. */
const watch = `printf '%s\\n' 'until ostree admin status | grep -q "(finalization locked)"; do sleep 1; done' 'echo locked' >/usr/local/bin/lab-watch
systemd-run -q --unit=lab-watch sh /usr/local/bin/lab-watch`;

scenario(
  'an upgrade over HTTP is pulled, deployed locked and booted; then /usr is made writable',
  { proves: 'ostree: upgrade by the summary of the remote, one reboot, history and refs, unlock; then nothing to do' },
  async ({ machines: [machine], sh, play }) => {
    await sh(machine, watch);
    const newest = await sh(machine, 'ostree remote refs -r lab | sed -n "s|^lab:lab/stable/x86_64[[:space:]]*||p"');

    const planned = await play(upgraded, { user: 'admin', words: ['--check', '--diff'] });
    expect([planned.code, tasksOf(planned)], told(planned)).toEqual([0, { newest: 'changed', history: 'ok' }]);
    expect(told(planned)).toContain(newest);
    expect(await sh(machine, 'ostree rev-parse lab:lab/stable/x86_64')).not.toBe(newest);

    const first = await play(upgraded, { user: 'admin' });
    expect([first.code, tasksOf(first)], told(first)).toEqual([0, { newest: 'changed', history: 'ok' }]);
    expect(recapOf(first).reboots).toBe(1);
    expect(await sh(machine, 'journalctl -b -1 -u lab-watch -o cat | grep locked')).toBe('locked');
    expect(resultOf(first, 'newest')).toMatchObject({ needs_reboot: false, version: '13.2', commit: newest });
    const { history, refs } = resultOf(first, 'history') as Record<string, object[]>;
    expect(history?.[0]).toMatchObject({ commit: newest, version: '13.2', subject: 'lab 13.2' });
    expect(refs).toEqual(expect.arrayContaining([{ ref: 'lab:lab/stable/x86_64', commit: newest }]));
    expect((await rpmOstreeStatus(machine)).deployments).toMatchObject([
      { version: '13.2', booted: true },
      { version: '13.1', booted: false },
    ]);
    const second = await play(upgraded, { user: 'admin' });
    expect([tasksOf(second), recapOf(second).reboots], told(second)).toEqual([{ newest: 'ok', history: 'ok' }, 0]);

    const third = await play(unlocked, { user: 'admin' });
    expect([third.code, tasksOf(third)], told(third)).toEqual([0, { writable: 'changed' }]);
    expect(await sh(machine, 'echo fix >/usr/lab-fix; cat /usr/lab-fix')).toBe('fix');
    const fourth = await play(unlocked, { user: 'admin' });
    expect([fourth.code, tasksOf(fourth)], told(fourth)).toEqual([0, { writable: 'ok' }]);
  },
);
