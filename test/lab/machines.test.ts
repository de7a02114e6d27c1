import { expect } from 'vitest';
import { writeInventory } from '../../lab/inventory.ts';
import type { Machine } from '../../lab/machine.ts';
import { bootId, boots, onMachine, sshAnswers, sshWords, withMonitor } from '../../lab/reach.ts';
import { keyFile } from '../../lab/paths.ts';
import { attempt, until } from '../../lab/shell.ts';
import { scenario } from './scenario.ts';

scenario(
  'machines from one snapshot are machines of their own',
  { machines: 2, proves: 'name, ids, host key, clock, inventory' },
  async ({ machines, sh, folder }) => {
    const { knownHosts } = await writeInventory(folder, machines);

    const identities = await Promise.all(
      machines.map((machine) =>
        sh(machine, 'hostname; cat /etc/machine-id /proc/sys/kernel/random/boot_id /sys/class/net/eth0/address'),
      ),
    );
    const clocks = await Promise.all(
      machines.map(async (machine) => Number(await sh(machine, 'date +%s')) - Date.now() / 1000),
    );
    const strictly = await Promise.all(machines.map((machine) => strictSsh(machine, knownHosts)));
    const served = await sh(
      machines[0],
      'curl -sf http://10.0.2.2:$(sed -n "s/.*10.0.2.2:\\([0-9]*\\).*/\\1/p" /etc/copse-lab.conf)/packages/index.json | head -c 12',
    );

    const lines = identities.flatMap((text) => text.split('\n'));
    expect(new Set(lines).size).toBe(8);
    expect(lines).toContain(machines[0].name);
    expect(clocks.every((offset) => Math.abs(offset) < 30)).toBe(true);
    expect(strictly).toEqual([0, 0]);
    expect(new Set(machines.map(({ hostKey }) => hostKey)).size).toBe(2);
    expect(served).toBe('{"generated"');
  },
);

scenario(
  'faults that end by themselves when they are taken back',
  { disks: ['64M'], proves: 'pause, link, delay, disk slow, full, pulled' },
  async ({ machines: [machine], sh, fault }) => {
    const disks = (): Promise<string> => sh(machine, 'lsblk -dno NAME,SERIAL | grep lab-disk || true');
    await fault(machine, 'pause');
    expect((await attempt([...sshWords(machine), 'true'], { timeoutMs: 4000 })).code).not.toBe(0);
    await fault(machine, 'resume');
    await fault(machine, 'link-down');
    expect((await attempt([...sshWords(machine), 'true'], { timeoutMs: 4000 })).code).not.toBe(0);
    await fault(machine, 'link-up');
    expect(await sh(machine, 'echo back')).toBe('back');

    await fault(machine, 'delay', '400ms loss 1%');
    expect(await sh(machine, 'tc qdisc show dev eth0')).toMatch(/netem .*delay 400ms loss 1%/);
    await fault(machine, 'no-delay');

    await fault(machine, 'disk-full');
    expect((await onMachine(machine, 'echo x > /var/tmp/x')).stderr).toContain('No space left on device');
    await fault(machine, 'disk-free');
    expect(await sh(machine, 'echo x > /var/tmp/x && cat /var/tmp/x')).toBe('x');

    await fault(machine, 'slow-disk', '131072');
    expect(await limitOf(machine)).toBe(131072);
    await fault(machine, 'fast-disk');
    expect(await limitOf(machine)).toBe(0);

    expect(await disks()).toMatch(/^vdb lab-disk1$/);
    await fault(machine, 'disk-pull');
    expect(await disks()).toBe('');
    await fault(machine, 'disk-plug');
    await until('the disk is back', 30_000, async () => ((await disks()) === '' ? undefined : true));
  },
);

scenario(
  'faults that end a boot',
  { proves: 'panic, reset button, power pulled: another boot id each, synced data kept' },
  async ({ machines: [machine], sh, fault }) => {
    const seen = [await bootId(machine)];
    const booted = async (): Promise<void> => {
      await until('another boot', 300_000, async () => ((await boots(machine)) >= seen.length ? true : undefined));
      await sshAnswers(machine);
      seen.push(await bootId(machine));
    };
    await sh(machine, 'echo kept > /var/tmp/kept; sync');

    await fault(machine, 'panic');
    await booted();
    await fault(machine, 'reset');
    await booted();
    await fault(machine, 'power-off');
    await fault(machine, 'power-on');
    await booted();

    expect(new Set(seen).size).toBe(4);
    expect(await boots(machine)).toBe(3);
    expect(await sh(machine, 'cat /var/tmp/kept; systemctl --failed --no-legend | wc -l')).toBe('kept\n0');
  },
);

scenario(
  'a machine with a seed runs cloud-init once',
  {
    userData: '#cloud-config\nwrite_files:\n  - {path: /etc/lab-seed, content: seeded}\n',
    proves: 'NoCloud seed, cold boot',
  },
  async ({ machines: [machine], sh }) => {
    const status = JSON.parse(await sh(machine, 'cloud-init status --wait --format json')) as {
      readonly status: string;
    };

    expect(status.status).toBe('done');
    expect(await sh(machine, 'cat /etc/lab-seed; echo; hostname')).toBe(`seeded\n${machine.name}`);
  },
);

async function strictSsh(machine: Machine, knownHosts: string): Promise<number> {
  const options = [
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${knownHosts}`,
    'IdentitiesOnly=yes',
    'BatchMode=yes',
  ];
  const words = [...options.flatMap((option) => ['-o', option]), `admin@${machine.address}`, 'sudo -n true'];
  return (await attempt(['ssh', '-i', keyFile, '-p', String(machine.port), ...words])).code;
}

/** Bytes a second that the monitor lets the system disk have; 0 is no limit. */
async function limitOf(machine: Machine): Promise<number | undefined> {
  const blocks = (await withMonitor(machine, (qmp) => qmp.send('query-block'))) as readonly BlockInfo[];
  return blocks.find(({ qdev }) => qdev.includes('/system/'))?.inserted?.bps;
}

interface BlockInfo {
  readonly qdev: string;
  readonly inserted?: { readonly bps: number };
}
