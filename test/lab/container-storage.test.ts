import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { problemsOf, resultOf, tasksOf, told } from './copse.ts';
import { scenario } from './scenario.ts';

const disk = '/dev/disk/by-id/virtio-lab-disk1';

const unit = `[Service]
Type=notify
NotifyAccess=all
EnvironmentFile=-/etc/sysconfig/docker-storage
ExecStart=/usr/local/bin/docker daemon $DOCKER_STORAGE_OPTIONS
`;

/** What brings the two stand-ins and the unit to a machine; what they are is in their own heads. */
function installation(): string {
  const file = (name: string): string => readFileSync(join(import.meta.dirname, 'stand-ins', name), 'base64');
  const tools = ['container-storage-setup', 'docker'].map(
    (name) => `echo ${file(name)} | base64 -d > /usr/local/bin/${name}; chmod 755 /usr/local/bin/${name}`,
  );
  const service = `echo ${Buffer.from(unit).toString('base64')} | base64 -d > /etc/systemd/system/docker.service`;
  return [
    'set -e; mkdir -p /usr/local/bin /etc/sysconfig',
    ...tools,
    service,
    'systemctl daemon-reload; systemctl start docker; mkdir -p /var/lib/docker/volumes/data',
  ].join('\n');
}

const storage = (wish: string, destroy: string): string => `
- hosts: lab
  tasks:
    - name: storage
      container_storage: {${wish}}
      allow_destroy: [${destroy}]
`;
const pool = (options: string): string =>
  `driver: devicemapper, setup: {devs: [${disk}], vg: docker-vg, data_size: 60%FREE, autoextend: {threshold: 70, percent: 20}}, options: {${options}}`;
const everything = '/var/lib/docker, docker-vg/docker-pool';

scenario(
  'docker gets a thin pool in place of loop files, keeps its data with other options, and gets a pool anew only when it cannot stay',
  {
    proves: 'container_storage: loop fallback, options, a pool of another docker, another driver, on real volumes',
    disks: ['600M'],
  },
  async ({ machines: [machine], sh, play }) => {
    await sh(machine, installation());

    const unnamed = await play(storage(pool(''), ''));
    const first = await play(storage(pool(''), '/var/lib/docker'));
    const second = await play(storage(pool(''), ''));

    expect([problemsOf(unnamed), tasksOf(first), tasksOf(second)], told(unnamed) + told(first) + told(second)).toEqual([
      ['E_DESTROY'],
      { storage: 'changed' },
      { storage: 'ok' },
    ]);
    expect(resultOf(second, 'storage')).toMatchObject({
      driver: 'devicemapper',
      loopback: false,
      pool: 'docker-vg/docker-pool',
      running: true,
    });
    expect(
      await sh(
        machine,
        "lvm lvs --noheadings -o chunk_size,zero,seg_monitor,lv_profile --units k docker-vg/docker-pool | tr -s ' '",
      ),
    ).toBe('512.00k monitored docker-vg--docker-pool-extend');

    await sh(machine, 'mkdir -p /var/lib/docker/volumes/mine');
    const option = await play(storage(pool('dm.min_free_space: 10%'), ''));
    const kept = await sh(
      machine,
      'ls /var/lib/docker/volumes; grep -o "dm.min_free_space=10%" /etc/sysconfig/docker-storage',
    );
    await sh(
      machine,
      'systemctl stop docker; rm -rf /var/lib/docker/*; systemctl start docker || systemctl reset-failed docker',
    );
    const foreign = await play(storage(pool('dm.min_free_space: 10%'), everything));
    const overlay = await play(storage('driver: overlay2, setup: {}', everything));
    const last = await play(storage('driver: overlay2, setup: {}', ''));

    expect([tasksOf(option), kept], told(option)).toEqual([{ storage: 'changed' }, 'mine\ndm.min_free_space=10%']);
    expect([tasksOf(foreign), tasksOf(overlay), tasksOf(last)], told(foreign) + told(overlay) + told(last)).toEqual([
      { storage: 'changed' },
      { storage: 'changed' },
      { storage: 'ok' },
    ]);
    expect(await sh(machine, 'lvm lvs --noheadings docker-vg | wc -l; docker info | cut -c1-20')).toBe(
      '0\n{"Driver":"overlay2"',
    );
  },
);
