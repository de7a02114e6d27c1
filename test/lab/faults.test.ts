import { expect } from 'vitest';
import { boots, onMachine, serialLog, sshAnswers } from '../../lab/reach.ts';
import { until } from '../../lab/shell.ts';
import { notesOf, problemsOf, recapOf, stepStarts, tasksOf, told } from './copse.ts';
import { copseTransactions, rpmOstreeStatus, scenario, transactionRuns } from './scenario.ts';

const stageTmux = `
- hosts: lab
  become: true
  tasks:
    - {name: tmux, rpm_ostree: {packages: [tmux], activate: stage}}
`;

scenario(
  'a link that is cut until copse notices does not lose a transaction, and repeats nothing',
  { proves: 're-attached to the running transaction, exactly one was started' },
  async ({ machines: [machine], sh, fault, startPlay }) => {
    // the package is here already: the machine is cut off too
    await sh(machine, 'rpm-ostree install --download-only tmux; echo slow=60 > /run/copse-lab.conf');
    const run = await startPlay(stageTmux, { user: 'admin' });

    await run.seen('the transaction', stepStarts('transaction'));
    await transactionRuns(machine);
    await fault(machine, 'link-down');
    await run.seen('the dead link is noticed', (event) => event.type === 'note' && event.text.startsWith('link lost'));
    await fault(machine, 'link-up');
    const end = await run.ended;

    expect([end.code, tasksOf(end)], told(end)).toEqual([0, { tmux: 'changed' }]);
    expect(await copseTransactions(machine)).toEqual({ PkgChange: 1 });
    expect(notesOf(end).filter((text) => text.endsWith('attaching to the transaction again'))).toHaveLength(1);
  },
);

const longCommand = `
- hosts: lab
  tasks:
    - {name: long, command: {argv: [sh, -c, "echo begun >> /var/tmp/long; sleep 30; echo done >> /var/tmp/long"]}}
    - {name: next, command: "touch /var/tmp/next"}
`;

scenario(
  'a command whose link is cut is not sent again, and the host is told as lost',
  { proves: 'unreachable, nothing repeated, nothing after it ran' },
  async ({ machines: [machine], sh, fault, startPlay }) => {
    const run = await startPlay(longCommand);

    await run.seen('the command', stepStarts('run'));
    await until('it has begun', 120_000, async () =>
      (await onMachine(machine, 'test -s /var/tmp/long')).code === 0 ? true : undefined,
    );
    await fault(machine, 'link-down');
    const end = await run.ended;
    await fault(machine, 'link-up');

    expect([end.code, recapOf(end).status], told(end)).toEqual([4, 'unreachable']);
    expect(problemsOf(end)).toEqual(['E_LOST']);
    expect(await sh(machine, 'grep -c begun /var/tmp/long; ls /var/tmp/next 2>/dev/null | wc -l')).toBe('1\n0');
  },
);

scenario(
  'a deployment that was staged when the power was pulled is staged again, and then booted',
  { proves: 'staged is lost with the power; the next run finds out and ends well' },
  async ({ machines: [machine], sh, fault, play }) => {
    const staged = await play(stageTmux, { user: 'admin' });
    await fault(machine, 'power-off');
    await fault(machine, 'power-on');
    await sshAnswers(machine);
    const after = await rpmOstreeStatus(machine);
    const again = await play(stageTmux.replace('stage}', 'reboot}'), { user: 'admin' });

    expect([staged.code, tasksOf(staged)], told(staged)).toEqual([0, { tmux: 'changed' }]);
    expect(after.deployments).toHaveLength(1);
    expect([again.code, tasksOf(again)], told(again)).toEqual([0, { tmux: 'changed' }]);
    expect(await sh(machine, 'tmux')).toBe('tmux 3.5a');
    expect(await boots(machine)).toBe(2);
  },
);

scenario(
  'power pulled while the host goes down for its reboot is told as a deployment that did not boot',
  { proves: 'the old deployment came back: E_REBOOT; the next run ends well' },
  async ({ machines: [machine], sh, fault, play, startPlay }) => {
    // the machine says when it comes to ostree's boot entries, and then takes its time: the power goes at the right moment
    await sh(
      machine,
      `mkdir -p /run/systemd/system/ostree-finalize-staged.service.d
      printf '[Service]\\nExecStop=\\nExecStop=/bin/sh -c "echo lab-finalizes > /dev/ttyS0; sleep 120"\\n' \\
        > /run/systemd/system/ostree-finalize-staged.service.d/slow.conf
      systemctl daemon-reload`,
    );
    const run = await startPlay(stageTmux.replace('stage}', 'reboot}'), { user: 'admin' });

    await until('ostree finalizes', 600_000, async () =>
      (await serialLog(machine)).includes('lab-finalizes') ? true : undefined,
    );
    await fault(machine, 'power-off');
    await fault(machine, 'power-on');
    const end = await run.ended;
    const again = await play(stageTmux.replace('stage}', 'reboot}'), { user: 'admin' });

    expect([end.code, tasksOf(end), problemsOf(end)], told(end)).toEqual([2, { tmux: 'failed' }, ['E_REBOOT']]);
    expect([again.code, tasksOf(again)], told(again)).toEqual([0, { tmux: 'changed' }]);
    expect(await sh(machine, 'tmux')).toBe('tmux 3.5a');
  },
);

const writeBig = `
- hosts: lab
  tasks:
    - {name: file, copy: {dest: /var/lib/app.conf, content: "${'new line '.repeat(4000)}"}}
    - {name: tmux, rpm_ostree: {packages: [tmux], activate: stage}}
`;

scenario(
  'a full disk is told as such, the old file stays whole, and with room again the run goes through',
  { proves: 'E_SPACE for a file and for a transaction; nothing half-written' },
  async ({ machines: [machine], sh, fault, play }) => {
    await sh(machine, 'echo old > /var/lib/app.conf');
    await fault(machine, 'disk-full');

    const onFile = await play(writeBig);
    const onLayering = await play(writeBig.replace(/^.*name: file.*$/m, ''));
    const kept = await sh(machine, 'cat /var/lib/app.conf; ls -A /var/lib | grep -c app');
    await fault(machine, 'disk-free');
    const later = await play(writeBig);

    expect([onFile.code, tasksOf(onFile), problemsOf(onFile)], told(onFile)).toEqual([
      2,
      { file: 'failed' },
      ['E_SPACE'],
    ]);
    expect([onLayering.code, problemsOf(onLayering)], told(onLayering)).toEqual([2, ['E_SPACE']]);
    expect(kept).toBe('old\n1');
    expect([later.code, tasksOf(later)], told(later)).toEqual([0, { file: 'changed', tmux: 'changed' }]);
  },
);

scenario(
  'a transaction of somebody else is waited for, not cancelled',
  { proves: 'waits while it is busy, then layers its own on top' },
  async ({ machines: [machine], sh, play }) => {
    await sh(
      machine,
      'echo slow=15 > /run/copse-lab.conf; systemd-run -q --unit=other rpm-ostree install htop; sleep 2; rm /run/copse-lab.conf',
    );

    const end = await play(stageTmux, { user: 'admin' });

    expect([end.code, tasksOf(end)], told(end)).toEqual([0, { tmux: 'changed' }]);
    expect(await sh(machine, 'journalctl -u rpm-ostreed -o cat | grep -c successful')).toBe('2');
    expect((await rpmOstreeStatus(machine)).deployments[0]).toMatchObject({ 'requested-packages': ['htop', 'tmux'] });
  },
);
