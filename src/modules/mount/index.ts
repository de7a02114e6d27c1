import { defineModule } from '../../core/module.ts';
import { entriesOf } from './fstab.ts';
import { plan } from './plan.ts';
import { Params } from './schema.ts';
import { ask, read, type Have } from './state.ts';

/** What is mounted on a path, now and at boot. */
export const mount = defineModule<Params, Have>({
  name: 'mount',
  summary: 'Mounts a file system now and at each boot, or ends that.',
  notes: [
    'The kernel says what is mounted, by the number of the device: names of one device are not confused. What else is mounted on the path is never replaced.',
    'fstab is replaced whole with only the line of this path changed. Several lines for one path become one.',
    'Options that the kernel shows for every mount (ro, rw, nosuid, nodev, noexec, noatime, nodiratime) are compared with what is mounted, and set by mounting anew. All others take effect when it is mounted next.',
    'On ostree hosts /mnt, /srv and /home are links into /var: write the path they lead to, because systemd mounts nothing through a link.',
  ],
  kind: 'state',
  params: Params,
  returns: {
    path: { type: 'string', description: 'the path' },
    mounted: { type: 'bool', description: 'whether something is mounted there' },
    source: { type: 'string', description: 'what is mounted, as the kernel names it; empty when nothing is' },
    fstype: { type: 'string', description: 'type of what is mounted' },
    options: { type: 'list', description: 'options of the mount, as the kernel writes them' },
    in_fstab: { type: 'bool', description: 'whether fstab has a line for the path' },
    size: { type: 'int', description: 'bytes of the file system at the path' },
    free: { type: 'int', description: 'bytes free there for ordinary users' },
  },
  examples: [
    '- mount: {path: /var/lib/app, src: /dev/data/app, fstype: xfs, options: [noatime, nofail]}\n  become: true',
    '- mount: {path: /var/srv/share, src: "nas:/export/share", fstype: nfs, options: [ro, nofail]}',
    '- name: nothing is mounted there any more, now or later\n  mount: {path: /var/mnt/old, state: absent}',
  ],
  probe: ask,
  read,
  plan,
  result: (want, have) => {
    const now = have.mounts.at(-1);
    return {
      path: want.path,
      mounted: now !== undefined,
      source: now?.source ?? '',
      fstype: now?.fstype ?? '',
      options: [...(now?.options ?? [])],
      in_fstab: entriesOf(have.fstab, want.path).length > 0,
      size: have.size,
      free: have.free,
    };
  },
});
