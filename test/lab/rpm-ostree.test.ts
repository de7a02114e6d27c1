import { expect } from 'vitest';
import type { Machine } from '../../lab/machine.ts';
import { boots, sshAnswers } from '../../lab/reach.ts';
import { until } from '../../lab/shell.ts';
import { rpmOstreeStatus, scenario, type Lab, type RpmOstreeStatus } from './scenario.ts';

scenario(
  'the rpm-ostree stand-in runs one transaction at a time, which survives its client',
  { proves: 'busy, attach, cancel, killed client, crashed daemon, exit statuses, texts' },
  async ({ machines: [machine], sh }) => {
    const said = (text: string): Promise<string> => sh(machine, `LC_ALL=C.UTF-8; ${text}`);
    const ends = (words: string): Promise<string> => said(`rpm-ostree ${words} 2>&1 >/dev/null; echo $?`);

    expect(Object.keys((await rpmOstreeStatus(machine)).deployments[0] ?? {})).toEqual(plainKeys);
    expect(await ends('install nothing-like-it')).toBe('error: Packages not found: nothing-like-it\n1');
    expect(await ends('install podman')).toMatch(
      /^error: "podman" is already provided by: podman-\S+\. Use --allow-inactive to explicitly require it\.\n1$/,
    );
    expect(await ends('uninstall tmux')).toBe("error: Package/capability 'tmux' is not currently requested\n1");
    expect(await ends('apply-live --no-such-flag')).toMatch(/\n2$/);
    expect(await ends('install unmet')).toMatch(
      /^error: Could not depsolve transaction; 1 problem detected:\n Problem: /,
    );
    expect(await said('sudo -u admin rpm-ostree install tmux 2>&1; echo $?')).toMatch(
      /PkgChange not allowed for user\n1$/,
    );

    await sh(machine, 'echo slow=6 > /run/copse-lab.conf');
    const both = await said(
      `RPMOSTREE_CLIENT_ID=one rpm-ostree install tmux >/tmp/one & sleep 2
      rpm-ostree upgrade 2>/tmp/busy; rpm-ostree status --json >/tmp/status; rpm-ostree status >/tmp/text
      rpm-ostree install tmux >/tmp/two; echo $?; wait %1; echo $?; head -1 /tmp/two; cat /tmp/busy; grep Initiator: /tmp/text
      journalctl -u rpm-ostreed -o cat | grep -c '^Initiated txn PkgChange for client(id:one'`,
    );
    expect(both).toMatch(
      /^0\n0\nAttaching to existing transaction: install tmux \nerror: Transaction in progress: install tmux \n You can cancel the current transaction with `rpm-ostree cancel`\n {2}Initiator: client\(id:one dbus:1\.\d+ unit:\S+ uid:0\)\n1$/,
    );
    const busy = JSON.parse(await sh(machine, 'cat /tmp/status')) as RpmOstreeStatus;
    expect(busy.transaction).toEqual([
      'PkgChange',
      expect.stringMatching(/^:1\.\d+$/),
      '/org/projectatomic/rpmostree1/debian',
    ]);
    expect(await ends('install --idempotent --unchanged-exit-77 tmux')).toBe('77');

    expect(
      await said(
        'rpm-ostree install htop 2>/tmp/err & sleep 2; rpm-ostree cancel; wait %1; echo $?; cat /tmp/err; rpm-ostree cancel',
      ),
    ).toBe(
      'Cancelling transaction: install htop \nCancelled.\n1\nerror: Operation was cancelled\nNo active transaction.',
    );

    await said('rpm-ostree install htop >/dev/null 2>&1 & sleep 2; kill -9 %1; wait %1 2>/dev/null || :');
    expect((await rpmOstreeStatus(machine)).transaction).not.toBeNull();
    await until('the transaction of the killed client ends', 120_000, async () =>
      (await rpmOstreeStatus(machine)).transaction === null ? true : undefined,
    );
    expect((await rpmOstreeStatus(machine)).deployments[0]).toMatchObject({
      staged: true,
      'requested-packages': ['tmux', 'htop'],
    });

    await sh(machine, 'echo crash=start > /run/copse-lab.conf');
    expect(await ends('uninstall htop')).toBe(
      'error: Bus owner changed, aborting. This likely means the daemon crashed; check logs with `journalctl -xe`.\n1',
    );
    expect((await rpmOstreeStatus(machine)).deployments).toHaveLength(2);
  },
);

scenario(
  'the rpm-ostree stand-in changes what really boots',
  { proves: 'layer, upgrade over HTTP, kernel arguments, /etc merge, rollback, local package, live apply' },
  async ({ machines: [machine], sh }) => {
    const newest = async (): Promise<Record<string, unknown>> => (await rpmOstreeStatus(machine)).deployments[0] ?? {};
    await sh(
      machine,
      'echo mine > /etc/mine.conf; rpm-ostree install tmux; rpm-ostree upgrade; rpm-ostree kargs --append=lab.scenario=1',
    );
    const staged = await newest();
    expect(Object.keys(staged)).toEqual(layeredKeys);
    await sh(machine, 'echo later > /etc/later.conf');
    await reboot(machine, sh);

    expect(await newest()).toMatchObject({
      id: staged['id'],
      booted: true,
      'base-version': '13.2',
      packages: ['tmux'],
    });
    expect(
      await sh(
        machine,
        'tmux; rpm -q lab-release; cat /etc/mine.conf /etc/later.conf; grep -o lab.scenario=1 /proc/cmdline',
      ),
    ).toBe('tmux 3.5a\nlab-release-13.2-1.noarch\nmine\nlater\nlab.scenario=1');

    const file = 'node-agent-1.5.0-1.lab.noarch.rpm';
    await sh(
      machine,
      `cd /tmp; curl -sfO "$(sed -n s/^packages=//p /etc/copse-lab.conf)/${file}"; rpm-ostree install --apply-live ./${file}`,
    );
    const [pending, booted] = (await rpmOstreeStatus(machine)).deployments;
    expect(booted).toMatchObject({ booted: true, unlocked: 'transient', 'live-replaced': pending?.['checksum'] });
    expect(
      await sh(
        machine,
        'systemctl start node-agent; systemctl is-active node-agent; cat /etc/node-agent.conf; touch /usr/x 2>&1 || :',
      ),
    ).toBe("active\nversion = 1.5.0\ntouch: cannot touch '/usr/x': Read-only file system");
    await sh(machine, 'rpm-ostree uninstall node-agent');
    expect(await sh(machine, 'rpm-ostree apply-live 2>&1; echo $?')).toMatch(
      /error: packages would be removed: 1, allow replacement to override\n1$/,
    );

    await sh(machine, 'rpm-ostree cleanup -p; rpm-ostree rollback; echo new > /etc/new.conf');
    await reboot(machine, sh);
    expect(await newest()).toMatchObject({ booted: true, version: '13.1', packages: [] });
    expect(await sh(machine, 'command -v tmux || echo gone; ls /etc/new.conf 2>/dev/null || echo old etc')).toBe(
      'gone\nold etc',
    );
  },
);

async function reboot(machine: Machine, sh: Lab['sh']): Promise<void> {
  const before = await boots(machine);
  await sh(machine, 'systemctl --no-block reboot');
  await until('the next boot', 300_000, async () => ((await boots(machine)) > before ? true : undefined));
  await sshAnswers(machine);
}

/** The keys of a deployment that nobody has changed, as `status --json` of 2025.5 has them. */
const plainKeys: readonly string[] = `id osname checksum serial booted staged pinned unlocked timestamp version origin
  gpg-enabled base-commit-meta requested-packages packages requested-local-packages requested-local-fileoverride-packages
  requested-base-removals base-removals requested-base-local-replacements base-local-replacements
  base-remote-replacements regenerate-initramfs`.split(/\s+/);

const layeredKeys: readonly string[] = [
  ...plainKeys,
  'base-checksum',
  'base-version',
  'base-timestamp',
  'layered-commit-meta',
];
