import type { Json } from '../../core/json.ts';
import { defineModule } from '../../core/module.ts';
import { plan } from './plan.ts';
import { poolOf } from './plan-setup.ts';
import { Params } from './schema.ts';
import { ask, read, type Have, type Pool } from './state.ts';

/** The storage of docker. */
export const containerStorage = defineModule<Params, Have>({
  name: 'container_storage',
  summary: 'Gives docker its storage: a thin pool, or overlay on a file system.',
  notes: [
    'With "setup" the file of container-storage-setup is written, and the tool is run when the file or the result differs. Docker is stopped only when it must be started with other storage.',
    'Pool and data of docker are removed only when they cannot stay: another driver, another group, a fallback to loop devices, a pool that is gone, or a pool that holds data of another docker ("unable to take ownership of thin-pool"). The task must then name them: allow_destroy: [/var/lib/docker, docker/docker-pool]. The step says how many volumes of users are among it.',
    'Docker is stopped with its socket before anything is removed, what is mounted below the data is unmounted, and nothing is deleted through a mount.',
    'A size in "setup" counts only when the pool is made. To grow it later use lvm: {vg: docker, lvs: [{name: docker-pool, type: thin-pool, size: 60G}]}.',
    'Without "setup" only daemon.json is written. Keys not named stay. The former driver\'s images stay on the disk when the driver changes.',
    'Afterwards docker itself is asked which driver and which pool it uses, and lvm how full the pool is.',
  ],
  kind: 'state',
  params: Params,
  returns: {
    driver: {
      type: 'string',
      description: 'the driver docker runs with, or is to be started with; empty when neither is known',
    },
    loopback: { type: 'bool', description: 'docker keeps its data in files on loop devices' },
    pool: { type: 'string', description: 'the thin pool of docker as GROUP/POOL, empty when there is none' },
    pool_size: { type: 'int', description: 'bytes of the pool' },
    data_percent: { type: 'double', description: 'percent of its data in use, 0 when unknown' },
    metadata_percent: { type: 'double', description: 'percent of its metadata in use, 0 when unknown' },
    volumes: { type: 'int', description: 'named volumes of users' },
    running: { type: 'bool', description: 'docker runs' },
    version: { type: 'string', description: 'version of docker, empty when it is not there' },
  },
  examples: [
    '- name: docker keeps its images in a thin pool on the second disk\n  container_storage:\n    driver: devicemapper\n    setup:\n      devs: [/dev/vdb]\n      vg: docker\n      data_size: 80%FREE\n      autoextend: {threshold: 70, percent: 20}\n    options: {dm.min_free_space: 10%}\n  allow_destroy: [/var/lib/docker]',
    '- name: docker uses overlay2, and containers outlive the daemon\n  container_storage:\n    driver: overlay2\n    daemon: {live-restore: true, log-driver: journald}',
    '- name: a pool that lvm made\n  container_storage: {driver: devicemapper, thinpool: docker/thinpool, options: {dm.min_free_space: 10%}}',
    '- name: nothing of docker is left\n  container_storage: {state: absent}\n  allow_destroy: [/var/lib/docker, docker/docker-pool]',
  ],
  probe: ask,
  read,
  plan,
  result,
});

function result(want: Params, have: Have): Readonly<Record<string, Json>> {
  const pool = poolOf(want, have) ?? have.pools.find(({ name }) => name === want.thinpool);
  const { runtime, storage } = have;
  return {
    driver: runtime === undefined ? (storage?.driver ?? '') : runtime.driver,
    loopback: runtime === undefined ? have.hasLoopFile : runtime.isLoopback,
    ...usageOf(pool),
    volumes: have.volumes,
    running: have.isActive,
    version: have.version,
  };
}

function usageOf(pool: Pool | undefined): Readonly<Record<string, Json>> {
  return {
    pool: pool?.name ?? '',
    pool_size: pool?.bytes ?? 0,
    data_percent: pool?.dataPercent ?? 0,
    metadata_percent: pool?.metadataPercent ?? 0,
  };
}
