import { expect } from 'vitest';
import type { Facts } from '../../src/core/facts.ts';
import { scenario } from './scenario.ts';

scenario(
  'facts of a real host are what its own tools say',
  { disks: ['256M'], proves: 'os, ids, memory, devices, mounts, deployments, tools, systemd' },
  async ({ machines: [machine], sh, facts }) => {
    await sh(machine, 'mkfs.ext4 -q /dev/vdb; mkdir -p /var/mnt/data; mount /dev/vdb /var/mnt/data');
    await sh(machine, 'systemd-run -q --unit=lab-broken false; sleep 1; rpm-ostree install tmux');
    const truth = async (text: string): Promise<string> => sh(machine, text);

    const told: Facts = await facts('admin');

    const [pending, booted] = told.ostree.deployments;
    expect([told.os.id, told.os.image_based, told.hostname]).toEqual(['debian', true, machine.name]);
    expect(told.machine_id).toBe(await truth('cat /etc/machine-id'));
    expect(told.boot_id).toBe(await truth('cat /proc/sys/kernel/random/boot_id'));
    expect([told.kernel, told.arch]).toEqual((await truth('uname -r -m')).split(' '));
    expect(told.memory.total).toBe(Number(await truth("awk '/^MemTotal:/{print $2 * 1024}' /proc/meminfo")));
    expect(told.devices.find(({ name }) => name === 'vdb')).toEqual({
      name: 'vdb',
      path: '/dev/vdb',
      type: 'disk',
      size: 256 << 20,
      fstype: 'ext4',
      mountpoint: '/var/mnt/data',
      parent: '',
    });
    expect(told.mounts.find(({ path }) => path === '/var/mnt/data')).toMatchObject({
      source: '/dev/vdb',
      fstype: 'ext4',
    });
    expect(told.ostree).toMatchObject({ tool: 'rpm-ostree', pending: true, busy: false, driver: '' });
    expect(pending).toMatchObject({ staged: true, booted: false, requested_packages: ['tmux'], packages: ['tmux'] });
    expect(pending?.base_checksum).toBe(booted?.checksum);
    expect(booted?.checksum).toBe(await truth("ostree admin status | sed -n 's/^\\* debian \\(.*\\)\\.0$/\\1/p'"));
    expect(told.ostree.booted).toEqual(booted);
    expect(told.systemd).toEqual({ version: 257, state: 'degraded', failed_units: ['lab-broken.service'] });
    expect(Object.keys(told.tools)).toEqual(expect.arrayContaining(['rpm-ostree', 'ostree', 'podman', 'lvm']));
    expect(told.user).toEqual({ name: 'admin', uid: 1000, home: '/home/admin' });
  },
);
