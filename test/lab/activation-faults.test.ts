import { expect } from 'vitest';
import { boots, onMachine } from '../../lab/reach.ts';
import { until } from '../../lab/shell.ts';
import { notesOf, problemsOf, recapOf, resultOf, stepStarts, tasksOf, told } from './copse.ts';
import { copseTransactions, rpmOstreeStatus, scenario, transactionRuns } from './scenario.ts';

/** What greenboot does on a host: checks each boot, tries a red one once more, goes back, and tells the old deployment so. */
const greenboot = `mkdir -p /usr/local/bin; cd /etc/systemd/system
cat > greenboot-healthcheck.service <<'EOF'
[Unit]
Before=boot-complete.target
OnFailure=redboot.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c '! test -e /usr/bin/tmux'
[Install]
RequiredBy=boot-complete.target
WantedBy=multi-user.target
EOF
cat > redboot.service <<'EOF'
[Service]
Type=oneshot
ExecStart=/bin/sh /var/usrlocal/bin/redboot
EOF
cat > /usr/local/bin/redboot <<'EOF'
if [ -e /var/lib/red-once ]; then rpm-ostree rollback && touch /var/lib/fell-back; else touch /var/lib/red-once; fi
sync
systemctl reboot
EOF
cat > greenboot-rpm-ostree-grub2-check-fallback.service <<'EOF'
[Unit]
ConditionPathExists=/var/lib/fell-back
Before=boot-complete.target
[Service]
Type=oneshot
RemainAfterExit=yes
SyslogLevel=warning
ExecStart=/bin/echo 'FALLBACK BOOT DETECTED! Default rpm-ostree deployment has been rolled back.'
[Install]
WantedBy=multi-user.target
EOF
systemctl daemon-reload
systemctl enable greenboot-healthcheck greenboot-rpm-ostree-grub2-check-fallback
systemctl start greenboot-healthcheck`;

scenario(
  'a host that goes back by itself, as greenboot does, is told as fallen back',
  { proves: 'three boots of its own watched, fell_back by greenboot with its words; denied afterwards' },
  async ({ machines: [machine], sh, play }) => {
    await sh(machine, greenboot);
    const before = (await rpmOstreeStatus(machine)).deployments[0]?.['id'];
    const layer = '- hosts: lab\n  become: true\n  tasks:\n    - {name: tmux, rpm_ostree: {packages: [tmux]}}\n';

    const end = await play(layer, { user: 'admin' });
    const again = await play(layer, { user: 'admin' });

    expect([end.code, tasksOf(end), problemsOf(end)], told(end)).toEqual([2, { tmux: 'failed' }, ['E_REBOOT']]);
    expect(resultOf(end, 'tmux')['activation']).toMatchObject({
      result: 'fell_back',
      cause: 'greenboot',
      reason: expect.stringContaining('FALLBACK BOOT DETECTED'),
      from: before,
    });
    expect([again.code, problemsOf(again)], told(again)).toEqual([2, ['E_DENIED']]);
    expect(await boots(machine)).toBe(3);
  },
);

const layerBoth = `
- hosts: lab
  become: true
  tasks:
    - {name: tools, rpm_ostree: {packages: [tmux]}}
    - {name: after, command: "touch /var/tmp/after", changed_when: "false"}
`;

scenario(
  'copse that is killed in a transaction, and again in a reboot, is resumed without doing anything twice',
  { proves: 'kill -9 twice: one transaction, one finalization, one reboot, proven; then nothing to do' },
  async ({ machines: [machine], sh, play, startPlay, resume }) => {
    await sh(machine, 'echo slow=20 > /run/copse-lab.conf');
    const run = await startPlay(layerBoth, { user: 'admin' });
    await run.seen('the transaction', stepStarts('transaction'));
    await transactionRuns(machine);
    run.kill('SIGKILL');

    const second = resume(await run.ended);
    await second.seen('the reboot', (event) => event.type === 'reboot-intent');
    await until('it boots', 600_000, async () => ((await boots(machine)) === 1 ? true : undefined));
    second.kill('SIGKILL');
    const killed = await second.ended;
    const third = await resume(killed).ended;
    const converged = await play(layerBoth, { user: 'admin' });

    expect([third.code, tasksOf(third)], told(killed) + told(third)).toEqual([0, { tools: 'changed', after: 'ran' }]);
    expect(await copseTransactions(machine)).toEqual({ PkgChange: 1, FinalizeDeployment: 1 });
    expect([await boots(machine), await sh(machine, 'tmux')]).toEqual([1, 'tmux 3.5a']);
    expect([converged.code, tasksOf(converged)]).toEqual([0, { tools: 'ok', after: 'ran' }]);
  },
);

const watched = `
- hosts: lab
  become: true
  tasks:
    - {name: tmux, rpm_ostree: {packages: [tmux], health: {commands: [[touch, /run/lab-proof]], min_healthy_time: 20s}}}
`;

scenario(
  'power pulled while rpm-ostree stages, and again in the proof of the boot',
  { proves: 'told as restarted while it ran; the next run ends well, its proof begins anew in the new boot' },
  async ({ machines: [machine], sh, fault, play, startPlay }) => {
    await sh(machine, 'echo slow=600 > /run/copse-lab.conf');
    const staging = await startPlay(watched, { user: 'admin' });
    await staging.seen('the transaction', stepStarts('transaction'));
    await transactionRuns(machine);
    await fault(machine, 'power-off');
    await fault(machine, 'power-on');
    const cut = await staging.ended;

    const proof = await startPlay(watched, { user: 'admin' });
    await until('the proof goes on', 900_000, async () =>
      (await onMachine(machine, 'test -e /run/lab-proof && test -e /usr/bin/tmux')).code === 0 ? true : undefined,
    );
    await fault(machine, 'power-off');
    await fault(machine, 'power-on');
    const end = await proof.ended;
    const second = await play(watched, { user: 'admin' });

    expect([problemsOf(cut), recapOf(cut).reboots], told(cut)).toEqual([['E_LOST'], 0]);
    expect([end.code, tasksOf(end), recapOf(end).reboots], told(end)).toEqual([0, { tmux: 'changed' }, 1]);
    expect([second.code, tasksOf(second)], told(second)).toEqual([0, { tmux: 'ok' }]);
    expect([await boots(machine), await sh(machine, 'tmux')]).toEqual([3, 'tmux 3.5a']);
    expect(notesOf(cut).filter((text) => text.startsWith('link lost')).length).toBeGreaterThan(0);
  },
);
