import { expect } from 'vitest';
import { boots } from '../../lab/reach.ts';
import { problemsOf, recapOf, resultOf, tasksOf, told } from './copse.ts';
import { copseTransactions, rpmOstreeStatus, scenario } from './scenario.ts';

const changeAll = `
- hosts: lab
  become: true
  tasks:
    - {name: image, rpm_ostree: {upgrade: true}}
    - {name: layers, rpm_ostree: {packages: [tmux], absent: [htop]}}
    - {name: arguments, rpm_ostree: {kargs: {append: [lab.proof=1, "lab.more=two"], delete: [nowatchdog]}}}
    - {name: needed, reboot: {when_needed: true}}
    - {name: tmux runs, command: tmux, changed_when: "false"}
`;

scenario(
  'an upgrade, a layer and kernel arguments are staged locked and booted by one commit',
  { proves: 'one reboot for three tasks; locked until the commit; held updater back; second run: nothing to do' },
  async ({ machines: [machine], sh, play }) => {
    // an updater that copse holds meanwhile; and the machine itself writes down when a stage is locked and when not
    await sh(machine, updater);

    const first = await play(changeAll, { user: 'admin' });
    const second = await play(changeAll, { user: 'admin' });

    const changed = { image: 'changed', layers: 'changed', arguments: 'changed', needed: 'ran', 'tmux runs': 'ran' };
    expect([first.code, tasksOf(first)], told(first)).toEqual([0, changed]);
    expect([recapOf(first).reboots, await boots(machine)]).toEqual([1, 1]);
    expect((await rpmOstreeStatus(machine)).deployments[0]).toMatchObject({
      booted: true,
      'base-version': '13.2',
      packages: ['tmux'],
    });
    const words = (await sh(machine, 'cat /proc/cmdline')).split(' ');
    expect(words.filter((word) => /^lab\.|^nowatchdog/.test(word))).toEqual(['lab.proof=1', 'lab.more=two']);
    expect(await copseTransactions(machine)).toEqual({
      Upgrade: 1,
      PkgChange: 1,
      KernelArgs: 1,
      FinalizeDeployment: 1,
    });
    // unlocked once, by the commit
    expect(await sh(machine, 'journalctl -b -1 -u lab-watch -o cat | grep locked')).toMatch(/^locked(\nunlocked)?$/);
    expect(await sh(machine, 'systemctl is-active rpm-ostreed-automatic.timer')).toBe('active');
    expect([second.code, Object.values(tasksOf(second)).filter((status) => status === 'changed')]).toEqual([0, []]);
    expect(await boots(machine)).toBe(1);
  },
);

/** A timer of rpm-ostree itself, and a unit that tells when the staged deployment is locked and when it is not any more. */
const updater = `cd /etc/systemd/system
printf '[Timer]\\nOnCalendar=yearly\\n[Install]\\nWantedBy=timers.target\\n' > rpm-ostreed-automatic.timer
printf '[Service]\\nExecStart=/bin/true\\n' > rpm-ostreed-automatic.service
cat > /usr/local/bin/lab-watch <<'EOF'
seen=
while sleep 2; do
  [ -e /run/ostree/staged-deployment ] || continue
  if ostree admin status | grep -q '(finalization locked)'; then now=locked; else now=unlocked; fi
  [ "$now" = "$seen" ] || echo "$now"
  seen=$now
done
EOF
systemctl daemon-reload
systemctl enable --now rpm-ostreed-automatic.timer
systemd-run -q --unit=lab-watch sh /usr/local/bin/lab-watch`;

const live = `
- hosts: lab
  become: true
  tasks:
    - {name: agent, rpm_ostree: {packages: [node-agent], activate: live}}
    - {name: runs, systemd_unit: {name: node-agent, state: started}}
`;
const newer = `
- hosts: lab
  become: true
  tasks:
    - name: agent
      rpm_ostree: {rpms: ["http://10.0.2.2:PORT/packages/node-agent-1.5.0-1.lab.noarch.rpm"], activate: WAY}
`;

scenario(
  'a layer is applied live without a reboot, and what cannot be is booted where that is allowed',
  { proves: 'live: running at once, in the next boot too; replacement refused, then live_or_reboot says why' },
  async ({ machines: [machine], sh, play }) => {
    const upgrade = (way: string): string => newer.replaceAll('PORT', String(machine.httpPort)).replace('WAY', way);

    const first = await play(live, { user: 'admin' });
    const again = await play(live, { user: 'admin' });
    const running = await sh(machine, 'systemctl is-active node-agent; cat /etc/node-agent.conf');
    const refused = await play(upgrade('live'), { user: 'admin' });
    const rebootsBefore = await boots(machine);
    const booted = await play(upgrade('live_or_reboot'), { user: 'admin' });
    const converged = await play(upgrade('live_or_reboot'), { user: 'admin' });

    expect([first.code, tasksOf(first)], told(first)).toEqual([0, { agent: 'changed', runs: 'changed' }]);
    expect(resultOf(first, 'agent')).toMatchObject({ live: true, needs_reboot: true });
    expect([again.code, tasksOf(again)], told(again)).toEqual([0, { agent: 'ok', runs: 'ok' }]);
    expect(running).toBe('active\nversion = 1.4.0');
    expect([refused.code, tasksOf(refused)], told(refused)).toEqual([2, { agent: 'failed' }]);
    expect(rebootsBefore).toBe(0);
    expect([booted.code, tasksOf(booted), recapOf(booted).reboots], told(booted)).toEqual([0, { agent: 'changed' }, 1]);
    expect(await sh(machine, 'rpm -q --qf "%{version}" node-agent')).toBe('1.5.0');
    expect([converged.code, tasksOf(converged)], told(converged)).toEqual([0, { agent: 'ok' }]);
  },
);

const proven = (health: string, more = ''): string => `
- hosts: lab
  become: true
  tasks:
    - {name: tmux, rpm_ostree: {packages: [tmux], rollback: on_failure, health: {${health}}${more}}}
`;

scenario(
  'a deployment that fails its proof is left again by itself, and not tried again by accident',
  { proves: 'booted, unhealthy, the one of before proven; denied; retry_denied boots it; then nothing to do' },
  async ({ machines: [machine], sh, play }) => {
    const before = (await rpmOstreeStatus(machine)).deployments[0]?.['id'];
    const unwell = proven('commands: [[test, "!", -e, /usr/bin/tmux]], deadline: 5s');

    const failed = await play(unwell, { user: 'admin' });
    const left = [(await rpmOstreeStatus(machine)).deployments[0], await boots(machine)];
    const denied = await play(unwell, { user: 'admin' });
    const afterDenied = await boots(machine);
    const retried = await play(proven('commands: [[test, -e, /usr/bin/tmux]]', ', retry_denied: true'), {
      user: 'admin',
    });
    const second = await play(proven('commands: [[test, -e, /usr/bin/tmux]]'), { user: 'admin' });

    expect([failed.code, tasksOf(failed), problemsOf(failed)], told(failed)).toEqual([
      2,
      { tmux: 'failed' },
      ['E_REBOOT'],
    ]);
    expect(resultOf(failed, 'tmux')['activation']).toMatchObject({ result: 'rolled_back' });
    expect(left).toEqual([expect.objectContaining({ id: before, booted: true }), 2]);
    expect([denied.code, problemsOf(denied), afterDenied], told(denied)).toEqual([2, ['E_DENIED'], 2]);
    expect([retried.code, tasksOf(retried)], told(retried)).toEqual([0, { tmux: 'changed' }]);
    expect([second.code, tasksOf(second)], told(second)).toEqual([0, { tmux: 'ok' }]);
    expect([await sh(machine, 'tmux'), await boots(machine)]).toEqual(['tmux 3.5a', 3]);
  },
);
