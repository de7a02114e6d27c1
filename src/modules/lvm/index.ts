import { defineModule } from '../../core/module.ts';
import { ask } from './ask.ts';
import { plan } from './plan.ts';
import { read, type Have } from './read.ts';
import { result } from './result.ts';
import { Params } from './schema.ts';

/** A volume group with its disks and volumes. */
export const lvm = defineModule<Params, Have>({
  name: 'lvm',
  summary: 'Makes a volume group with its disks, volumes and thin pools as declared.',
  notes: [
    'Everything is counted in whole extents before anything is sent: sizes are rounded up to extents and shares down, so that a second run has nothing to do. What does not fit is refused at once.',
    'A disk is taken only when the kernel says that nobody uses it. When anything is on it (a file system, a partition table), the task must name it: allow_destroy: [/dev/vdb]. What is erased is compared with what was seen when the task was planned. A member of another group, and a label that lvm does not show, are never erased; the problem says which filter, devices file or host may be behind it.',
    'Volumes that are removed must be named as GROUP/VOLUME in allow_destroy; a pool with each of its thin volumes.',
    'Nothing shrinks by itself. "resize: grow_or_shrink" cuts a volume with an unmounted ext file system, after a check; xfs and thin pools cannot shrink at all.',
    'A pool that dmeventd has made larger than "size" is right as it is. It grows by itself only when three things hold: a threshold ("autoextend"), monitoring, and free extents in the group.',
    'With nothing but "vg" the task changes nothing and tells sizes, free space and the use of pools: register it, and write max_data_percent where too much should be a failure.',
    'Mirrors, caches and other kinds of volumes are left alone. Moving data off a disk survives a lost connection; a move that was interrupted goes on first.',
  ],
  kind: 'state',
  params: Params,
  returns: {
    exists: { type: 'bool', description: 'whether the host has the group' },
    size: { type: 'int', description: 'bytes of the group' },
    free: { type: 'int', description: 'bytes that volumes can still take' },
    extent_size: { type: 'int', description: 'bytes of an extent' },
    tags: { type: 'list', description: 'tags of the group' },
    pvs: { type: 'list', description: 'members, each with name, uuid, size, free and missing' },
    lvs: {
      type: 'list',
      description:
        'volumes, each with name, type, size, active, open, pool, origin, tags, partial, health, data_percent, metadata_percent, metadata_size, monitored and profile; a percent is null when the volume is inactive',
    },
  },
  examples: [
    '- name: the data disk, with room for logs and the rest for the application\n  lvm:\n    vg: data\n    pvs: [/dev/disk/by-id/virtio-data]\n    lvs:\n      - {name: logs, size: 20G}\n      - {name: app, size: 100%FREE}',
    '- name: a thin pool that grows by itself\n  lvm:\n    vg: docker\n    pvs: [/dev/vdb]\n    lvs:\n      - name: thinpool\n        type: thin-pool\n        size: 60%VG\n        chunk_size: 512K\n        zero: false\n        autoextend: {threshold: 70, percent: 20}\n        max_data_percent: 90\n  allow_destroy: [/dev/vdb]',
    '- name: the root volume uses 30G, its file system too\n  lvm: {vg: atomicos, lvs: [{name: root, size: 30G}]}',
    '- name: the old disk is emptied and leaves\n  lvm: {vg: data, pvs: [/dev/vdc], remove_pvs: [/dev/vdb]}',
    '- name: the disk that died is taken out\n  lvm: {vg: data, missing_pvs: remove}\n  allow_destroy: [data/scratch]',
  ],
  probe: ask,
  read,
  plan,
  result: (want, have) => result(want, have),
});
