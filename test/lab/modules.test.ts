import { expect } from 'vitest';
import { opsPassword } from '../../lab/inventory.ts';
import { problemsOf, recapOf, tasksOf, told } from './copse.ts';
import { scenario } from './scenario.ts';

const app = `
- hosts: lab
  become: true
  tasks:
    - {name: folder, file: {path: /etc/app, state: directory, mode: "0750", owner: admin, group: admin}}
    - {name: link, file: {path: /etc/app/current, src: app.conf, state: link}}
    - {name: settings, copy: {dest: /etc/app/app.conf, content: "it's a \\"test\\" $HOME\\n", mode: "0640"}, notify: restart}
    - name: unit file
      copy:
        dest: /etc/systemd/system/app.service
        content: |
          [Service]
          Type=notify
          NotifyAccess=all
          ExecStart=/bin/sh -c 'systemd-notify --ready; sleep 2; touch /run/app.is-ready; exec sleep infinity'
          [Install]
          WantedBy=multi-user.target
    - {name: unit, systemd_unit: {name: app.service, state: started, enabled: true}}
    - {name: ready, wait_for: {path: /run/app.is-ready, timeout: 2m}}
    - {name: once, command: {argv: [sh, -c, "id -un > /var/lib/app-once"], creates: /var/lib/app-once}}
  handlers:
    - {name: restart, systemd_unit: {name: app.service, state: restarted}}
`;

scenario(
  'command, file, copy, systemd_unit and wait_for converge, and the second run writes nothing',
  { proves: 'changed once, then ok; modes, owners, links, running and enabled units' },
  async ({ machines: [machine], sh, play }) => {
    const writes =
      'stat -c "%n %i %a %U %Z" /etc/app /etc/app/app.conf /etc/systemd/system/app.service /var/lib/app-once';

    const first = await play(app, { user: 'admin' });
    const before = await sh(machine, `${writes}; systemctl show -p ActiveState,UnitFileState,MainPID app`);
    const second = await play(app, { user: 'admin' });

    const changed = {
      folder: 'changed',
      link: 'changed',
      settings: 'changed',
      'unit file': 'changed',
      unit: 'changed',
    };
    expect(tasksOf(first), told(first)).toEqual({ ...changed, ready: 'ok', once: 'changed', restart: 'changed' });
    expect(await sh(machine, 'stat -c "%a %U %G" /etc/app; cat /etc/app/current /var/lib/app-once')).toBe(
      `750 admin admin\nit's a "test" $HOME\nroot`,
    );
    expect(before).toMatch(/ActiveState=active\nUnitFileState=enabled/);
    expect(Object.values(tasksOf(second)), told(second)).toEqual(Array.from({ length: 7 }, () => 'ok'));
    expect(recapOf(second).status).toBe('ok');
    expect(await sh(machine, `${writes}; systemctl show -p ActiveState,UnitFileState,MainPID app`)).toBe(before);
  },
);

const asRoot = `
- hosts: lab
  become: true
  gather_facts: false
  tasks:
    - {name: who, command: id -un, register: who, changed_when: "false"}
    - {name: it is root, assert: {that: "who.stdout == 'root'"}}
`;

scenario(
  'sudo works without a password and with one, and a wrong one is told as such',
  { proves: 'sudo: NOPASSWD, password, wrong, none; the password is nowhere to be seen' },
  async ({ play }) => {
    const withPassword = (password: string): { user: string; words: string[] } => ({
      user: 'ops',
      words: ['-e', JSON.stringify({ ansible_become_password: password })],
    });

    const without = await play(asRoot, { user: 'admin' });
    const right = await play(asRoot, withPassword(opsPassword));
    const wrong = await play(asRoot, withPassword('not this one'));
    const none = await play(asRoot, { user: 'ops' });

    expect([without.code, right.code], told(without) + told(right)).toEqual([0, 0]);
    expect([wrong.code, none.code].includes(0), told(wrong) + told(none)).toBe(false);
    expect([problemsOf(wrong), problemsOf(none)]).toEqual([['E_BECOME'], ['E_BECOME']]);
    expect(told(right) + told(wrong)).not.toMatch(/fleet admiral|not this one/);
  },
);
