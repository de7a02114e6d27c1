import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Machine } from '../../lab/machine.ts';
import { recapOf, resultOf, tasksOf, told, type CopseEnd } from './copse.ts';
import { asRpmFile } from './rpm-file.ts';
import { rpmOstreeStatus, scenario } from './scenario.ts';

/** Where a machine finds a package's file. */
const at = (machine: Machine, file: string): string => `http://10.0.2.2:${machine.httpPort}/packages/${file}`;
const agent = { name: 'node-agent', version: '1.5.0', release: '1.lab', arch: 'noarch' };

const grown = (machine: Machine): string => `
- hosts: lab
  become: true
  tasks:
    - {name: found, rpm_ostree_check: {}}
    - name: tree
      rpm_ostree:
        deploy: "13.2"
        packages: [tmux]
        rpms: ["${at(machine, 'node-agent-1.4.0-1.lab.noarch.rpm')}"]
        overrides: {replace: ["${at(machine, 'curl-9.0.0-1.lab.x86_64.rpm')}"]}
    - {name: words, rpm_ostree: {kargs: {append: [lab.one=1, lab.two=a=b]}}}
    - {name: keep, rpm_ostree_maintenance: {pinned: booted, refresh_md: true}}
`;

const moved = `
- hosts: lab
  become: true
  tasks:
    - name: tree
      rpm_ostree:
        rebase: lab:lab/next/x86_64
        absent: [tmux]
        rpms_src: agent.rpm
        overrides: {reset: all}
        kargs: {delete: [lab.one], replace: [lab.two=c]}
    - {name: tidy, rpm_ostree_maintenance: {cleanup: [pending, rollback, base, repomd]}}
`;

const back = `
- hosts: lab
  become: true
  tasks:
    - {name: tree, rpm_ostree: {rollback_to: "13.2"}}
    - {name: tidy, rpm_ostree_maintenance: {unpinned: "13.2", cleanup: rollback}}
`;

scenario(
  'image, packages, files, overrides and kernel arguments of a host come true in one boot, and go in another',
  {
    proves:
      'deploy, layers, local RPMs and a newer one, overrides, kargs, rebase, pins, cleanup, rollback: three boots',
  },
  async ({ machines: [machine], folder, sh, play }) => {
    const served = join(machine.image.served, 'packages', 'node-agent-1.5.0-1.lab.noarch.rpm');
    await writeFile(join(folder, 'agent.rpm'), asRpmFile(await readFile(served), agent));

    const first = await play(grown(machine), { user: 'admin' });

    expect(tasksOf(first), told(first)).toEqual({ found: 'ok', tree: 'changed', words: 'changed', keep: 'changed' });
    expect(recapOf(first).reboots).toBe(1);
    expect(resultOf(first, 'found')).toMatchObject({ available: true, version: '13.2' });
    expect((await rpmOstreeStatus(machine)).deployments[0]).toMatchObject({
      booted: true,
      pinned: true,
      'base-version': '13.2',
      packages: ['tmux'],
      'requested-local-packages': ['node-agent-1.4.0-1.lab.noarch'],
    });
    expect(await sh(machine, 'tmux; curl --version | head -1; grep -o "lab[.][a-z]*=[^ ]*" /proc/cmdline')).toBe(
      'tmux 3.5a\ncurl 9.0.0 of the lab\nlab.one=1\nlab.two=a=b',
    );
    const second = await play(grown(machine), { user: 'admin' });
    expect(tasksOf(second), told(second)).toEqual({ found: 'ok', tree: 'ok', words: 'ok', keep: 'ok' });

    const third = await play(moved, { user: 'admin' });
    expect(tasksOf(third), told(third)).toEqual({ tree: 'changed', tidy: 'ok' });
    expect(recapOf(third).reboots).toBe(1);
    expect((await rpmOstreeStatus(machine)).deployments).toMatchObject([
      {
        booted: true,
        'base-version': '14.0',
        origin: 'lab:lab/next/x86_64',
        packages: [],
        'requested-local-packages': ['node-agent-1.5.0-1.lab.noarch'],
        'base-local-replacements': [],
      },
      { pinned: true },
    ]);
    expect(
      await sh(
        machine,
        'command -v tmux || echo gone; grep -o "lab[.][a-z]*=[^ ]*" /proc/cmdline; cat /etc/node-agent.conf; ls /var/tmp/copse* 2>/dev/null | wc -l',
      ),
    ).toBe('gone\nlab.two=c\nversion = 1.5.0\n0');
    const fourth = await play(moved, { user: 'admin' });
    expect(tasksOf(fourth), told(fourth)).toEqual({ tree: 'ok', tidy: 'ok' });

    const fifth = await play(back, { user: 'admin' });
    expect(tasksOf(fifth), told(fifth)).toEqual({ tree: 'changed', tidy: 'changed' });
    expect((await rpmOstreeStatus(machine)).deployments).toMatchObject([
      { booted: true, pinned: false, 'base-version': '13.2', packages: ['tmux'] },
    ]);
    const sixth = await play(back, { user: 'admin' });
    expect(tasksOf(sixth), told(sixth)).toEqual({ tree: 'ok', tidy: 'ok' });
  },
);

const live = `
- hosts: lab
  become: true
  tasks:
    - {name: unknown, rpm_ostree: {packages: [nothing-like-it], activate: stage}, ignore_errors: true}
    - {name: unmet, rpm_ostree: {packages: [unmet], activate: stage}, ignore_errors: true}
    - {name: script, rpm_ostree: {packages: [bad-script], activate: stage}, ignore_errors: true}
    - {name: skewed, rpm_ostree: {packages: [skewed], activate: stage}, ignore_errors: true}
    - {name: tools, rpm_ostree: {packages: [nmap], activate: live}}
    - {name: tool runs, command: nmap, changed_when: "false"}
`;

const skewed = `
- hosts: lab
  become: true
  tasks:
    - {name: both, rpm_ostree: {packages: [skewed], on_skew: upgrade, absent: [nmap], activate: stage}}
    - {name: policy, rpm_ostree_maintenance: {automatic_updates: stage}}
`;

scenario(
  'failures of rpm-ostree are told apart, packages go live without a boot, and an image that is too old is upgraded with them',
  { proves: 'four kinds of failures, live apply, skew with and without on_skew, the policy: no boot at all' },
  async ({ machines: [machine], sh, play }) => {
    // Debian has no such timer
    await sh(
      machine,
      `cd /etc/systemd/system; printf '[Timer]\\nOnBootSec=1h\\n[Install]\\nWantedBy=timers.target\\n' >rpm-ostreed-automatic.timer
      printf '[Service]\\nExecStart=/bin/true\\n' >rpm-ostreed-automatic.service; systemctl daemon-reload`,
    );
    const first = await play(live, { user: 'admin' });
    const second = await play(skewed, { user: 'admin' });
    const third = await play(skewed, { user: 'admin' });

    expect(tasksOf(first), told(first)).toMatchObject({ tools: 'changed', 'tool runs': 'ran' });
    expect(messagesOf(first), told(first)).toEqual({
      unknown: 'E_COMMAND: no repository of the host has: nothing-like-it',
      unmet: expect.stringMatching(
        /^E_COMMAND: the packages cannot be installed together: .*nobody-has-this/,
      ) as unknown,
      script: 'E_COMMAND: a script of a package failed; nothing was deployed',
      skewed: 'E_SKEW: the packages need other versions of base packages than the image has',
    });
    expect(recapOf(first).reboots + recapOf(second).reboots).toBe(0);
    expect(tasksOf(second), told(second)).toEqual({ both: 'changed', policy: 'changed' });
    expect((await rpmOstreeStatus(machine)).deployments[0]).toMatchObject({
      staged: true,
      'base-version': '13.2',
      packages: ['skewed'],
    });
    expect(await sh(machine, 'grep ^Auto /etc/rpm-ostreed.conf; systemctl is-active rpm-ostreed-automatic.timer')).toBe(
      'AutomaticUpdatePolicy=stage\nactive',
    );
    expect(tasksOf(third), told(third)).toEqual({ both: 'ok', policy: 'ok' });
  },
);

/** What each task that failed said first. */
function messagesOf({ events }: CopseEnd): Readonly<Record<string, string>> {
  return Object.fromEntries(
    events.flatMap((event) =>
      event.type === 'task-end' && event.problems.length > 0
        ? [[event.ref.name, event.problems.map(({ code, message }) => `${code}: ${message}`).join('; ')]]
        : [],
    ),
  );
}
