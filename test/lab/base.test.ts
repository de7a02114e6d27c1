import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { tasksOf, told } from './copse.ts';
import { scenario } from './scenario.ts';

const site = (origin: string, sum: string, setup: string): string => `
- hosts: lab
  become: true
  vars:
    token: !secret token
  tasks:
    - {name: name, hostname: edge77.lab.test}
    - {name: group, group: {name: app, gid: 4500}}
    - {name: user, user: {name: app, uid: 4500, group: app, shell: /bin/sh}}
    - {name: key, authorized_key: {user: app, key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJxM5v0wYlJ0yRz1xY3oW8gk3bq1VQ0m3b7l0mYtq2aB app@lab"}}
    - {name: line, lines: {path: /etc/hosts, line: 10.9.8.7 peer.lab.test}}
    - {name: module, kernel_module: br_netfilter}
    - name: kernel
      sysctl:
        file: 90-lab
        values: {net.bridge.bridge-nf-call-iptables: 0, vm.swappiness: 13, net.ipv4.ip_local_port_range: 20000 50000}
    - {name: file, get_url: {url: "${origin}/packages/index.json", dest: /var/lib/index.json, checksum: ${sum}, mode: "0640", group: app}}
    - name: timer
      timer:
        name: lab-report
        command: [/bin/sh, -c, 'printf "%s|" "$@" "$HOME_OF" "$TEXT" >/var/lib/lab-report', sh, "a  b", "$(id)", "%h", ";"]
        environment: {HOME_OF: "\${{ vars.token }}", TEXT: "it's \\"x\\" \\\\ $y"}
        on_boot: 1s
        on_calendar: daily
        randomized_delay: 1s
        persistent: true
    - {name: archive, unarchive: {src: /var/lib/app.tar.gz, dest: /opt/app, strip_components: 1, owner: app, group: app}}
    - {name: setup, script: {src: ${setup}, args: ["a  b", "$(id)"], creates: /var/lib/setup-done}, environment: {TOKEN: "\${{ vars.token }}"}}
    - {name: question, http: {url: "${origin}/packages/index.json"}, register: answer}
    - {name: it is JSON, assert: {that: "answer.status == 200 && answer.json != null"}}
`;

const gone = `
- hosts: lab
  become: true
  tasks:
    - {name: timer, timer: {name: lab-report, state: absent}}
    - {name: kernel, sysctl: {file: 90-lab, state: absent}}
    - {name: module, kernel_module: {name: br_netfilter, state: blacklisted}}
`;

scenario(
  'the base modules converge, hold after a reboot, and leave nothing behind when they are told to go',
  {
    proves:
      'hostname, group, user, authorized_key, lines, kernel_module, sysctl, get_url, timer, unarchive, script, http: changed, then ok, ok after a reboot',
  },
  async ({ machines: [machine], folder, sh, play }) => {
    const origin = `http://10.0.2.2:${machine.httpPort}`;
    const [sum = ''] = (await sh(machine, `curl -sf ${origin}/packages/index.json | sha256sum`)).split(' ');
    const setup = join(folder, 'setup.sh');
    await writeFile(setup, '#!/bin/bash\nprintf "%s|" "$@" "$TOKEN" >/var/lib/setup-done\n');
    await sh(
      machine,
      'mkdir -p /tmp/a/app-1/bin; echo tool >/tmp/a/app-1/bin/tool; tar -C /tmp/a -czf /var/lib/app.tar.gz app-1',
    );
    const playbook = site(origin, sum, setup);
    await writeFile(join(folder, 'token'), 'it"s a secret');
    const state =
      'cat /proc/sys/net/bridge/bridge-nf-call-iptables /proc/sys/vm/swappiness; stat -c "%a %G" /var/lib/index.json /etc/copse/timers/lab-report.env; systemctl is-enabled lab-report.timer; uname -n; id -u app; grep -c peer /etc/hosts; stat -c "%U %G" /opt/app/bin/tool; cat /opt/app/bin/tool /var/lib/setup-done';

    const names = ['name', 'group', 'user', 'key', 'line', 'module', 'kernel', 'file', 'timer', 'archive', 'setup'];
    const all = (status: string) => Object.fromEntries(names.map((name) => [name, status]));
    const rest = { question: 'ran', 'it is JSON': 'ok' };
    const first = await play(playbook, { user: 'admin' });
    expect(tasksOf(first), told(first)).toEqual({ ...all('changed'), ...rest });
    const second = await play(playbook, { user: 'admin' });
    expect(tasksOf(second), told(second)).toEqual({ ...all('ok'), ...rest });

    const now = await sh(machine, state);
    await sh(machine, 'systemctl start lab-report.service');
    const report = await sh(machine, 'cat /var/lib/lab-report');
    const rebooted = await play('- hosts: lab\n  become: true\n  tasks:\n    - {name: reboot, reboot: {}}\n', {
      user: 'admin',
    });
    const third = await play(playbook, { user: 'admin' });
    const after = await sh(machine, state);
    const removed = await play(gone, { user: 'admin' });
    const again = await play(gone, { user: 'admin' });

    expect(now).toBe(
      '0\n13\n640 app\n600 root\nenabled\nedge77.lab.test\n4500\n1\napp app\ntool\na  b|$(id)|it"s a secret|',
    );
    expect(report).toBe('a  b|$(id)|%h|;|it"s a secret|it\'s "x" \\ $y|');
    expect(rebooted.code, told(rebooted)).toBe(0);
    expect(tasksOf(third), told(third)).toEqual({ ...all('ok'), ...rest });
    expect(after).toBe(now);
    expect(tasksOf(removed), told(removed)).toEqual({ timer: 'changed', kernel: 'changed', module: 'changed' });
    expect(tasksOf(again), told(again)).toEqual({ timer: 'ok', kernel: 'ok', module: 'ok' });
    expect(
      await sh(
        machine,
        'ls /etc/systemd/system/lab-report.* /etc/copse/timers /etc/sysctl.d /etc/modules-load.d | grep -e lab -e br_; grep -c br_netfilter /proc/modules; systemctl --failed --no-legend',
      ).catch(String),
    ).toMatch(/^0?$/);
    expect(told(first) + told(second)).not.toContain('a secret');
  },
);
