import { expect } from 'vitest';
import { bootId } from '../../lab/reach.ts';
import { recapOf, resultOf, tasksOf, told } from './copse.ts';
import { rpmOstreeStatus, scenario } from './scenario.ts';

const layer = `
- hosts: lab
  become: true
  tasks:
    - {name: tools, rpm_ostree: {packages: [tmux, nmap]}}
    - {name: tmux runs, command: tmux, changed_when: "false"}
`;

scenario(
  'layering two packages boots a deployment that has them, once',
  { proves: 'one transaction, one reboot, proven boot id and deployment; the second run finds nothing to do' },
  async ({ machines: [machine], sh, play }) => {
    const before = await bootId(machine);

    const first = await play(layer, { user: 'admin' });
    const second = await play(layer, { user: 'admin' });

    expect(tasksOf(first), told(first)).toEqual({ tools: 'changed', 'tmux runs': 'ran' });
    expect([first.code, recapOf(first).reboots]).toEqual([0, 1]);
    const booted = (await rpmOstreeStatus(machine)).deployments[0]?.['id'];
    expect(resultOf(first, 'tools')).toMatchObject({ needs_reboot: false, booted, next: booted, staged: '' });
    expect(await bootId(machine)).not.toBe(before);
    expect(tasksOf(second), told(second)).toEqual({ tools: 'ok', 'tmux runs': 'ran' });
    expect(
      await sh(machine, 'journalctl -u rpm-ostreed -o cat | grep -c "^Initiated txn PkgChange for client(id:copse"'),
    ).toBe('1');
  },
);

const restart = `
- hosts: lab
  become: true
  tasks:
    - {name: restart, reboot: {}}
    - {name: only when needed, reboot: {when_needed: true}}
`;

scenario(
  'a reboot is proven',
  { proves: 'another boot id; when_needed does not reboot again' },
  async ({ machines: [machine], play }) => {
    const before = await bootId(machine);

    const end = await play(restart, { user: 'admin' });

    expect(end.code, told(end)).toBe(0);
    expect(resultOf(end, 'restart')).toMatchObject({ rebooted: true });
    expect(resultOf(end, 'only when needed')).toMatchObject({ rebooted: false });
    expect(recapOf(end).reboots).toBe(1);
    expect(await bootId(machine)).not.toBe(before);
  },
);
