import { expect } from 'vitest';
import { type CopseEnd, problemsOf, resultOf, tasksOf, told } from './copse.ts';
import { scenario } from './scenario.ts';

/** The value of a field of `lvs`, `vgs` or `pvs`, asked past copse. */
const field = (verb: string, name: string, of: string): string =>
  `lvm ${verb} --noheadings -o ${name} ${of} | tr -d ' '`;

/** A data disk by its serial number: the letters of disks come in any order. */
const disk = (number: number): string => `/dev/disk/by-id/virtio-lab-disk${number}`;

/** Waits in the machine until shell text succeeds; the limit only ends what hangs. */
const until = (test: string): string =>
  `i=0; until ${test}; do i=$((i + 1)); [ $i -lt 600 ] || exit 1; sleep 0.5; done`;

const containers = (most: number): string => `
- hosts: lab
  become: true
  tasks:
    - name: group
      lvm:
        vg: data
        pvs: [${disk(1)}, ${disk(2)}]
        tags: [lab]
        lvs:
          - {name: logs, size: 101M}
          - name: pool
            type: thin-pool
            size: 192M
            chunk_size: 128K
            metadata_size: 5M
            zero: false
            when_full: error
            autoextend: {threshold: 70, percent: 30}
            max_data_percent: ${most}
            max_metadata_percent: 80
          - {name: app, type: thin, pool: pool, size: 2G, tags: [app]}
          - {name: cold, type: thin, pool: pool, size: 96M, skip_activation: true}
      register: storage
    - {name: ext4, filesystem: {device: /dev/data/logs, type: ext4, label: logs}}
    - {name: xfs, filesystem: {device: /dev/data/app, type: xfs}}
    - {name: logs, mount: {path: /var/lib/logs, src: LABEL=logs, fstype: ext4, options: [noatime, nofail]}}
    - {name: app, mount: {path: /var/lib/app, src: /dev/data/app, fstype: xfs, options: [nofail]}}
`;

scenario(
  'a thin pool with volumes, file systems and mounts is made of empty disks, grows under writes, and comes back after a reboot',
  {
    proves:
      'lvm, filesystem, mount: made once, autoextend by dmeventd, health check, mounts and activation after a reboot',
    disks: ['512M', '512M'],
  },
  async ({ machines: [machine], sh, play }) => {
    const all = { group: 'changed', ext4: 'changed', xfs: 'changed', logs: 'changed', app: 'changed' };
    const first = await play(containers(90), { user: 'admin' });
    expect(tasksOf(first), told(first)).toEqual(all);
    expect(
      await sh(machine, 'findmnt -no FSTYPE,OPTIONS /var/lib/logs | cut -c1-15; findmnt -no FSTYPE /var/lib/app'),
    ).toBe('ext4 rw,noatime\nxfs');
    expect(
      await sh(machine, field('lvs', 'lv_size,chunk_size,zero,lv_when_full,seg_monitor', 'data/pool --units m')),
    ).toBe('192.00m0.12merrormonitored');

    await sh(machine, 'dd if=/dev/zero of=/var/lib/app/fill bs=1M count=140 oflag=direct 2>/dev/null');
    await sh(machine, until(`[ "$(${field('lvs', 'lv_size', 'data/pool --units m')})" != 192.00m ]`));
    const grown = await sh(machine, field('lvs', 'lv_size', 'data/pool --units m'));
    const second = await play(containers(90), { user: 'admin' });
    const sick = await play(containers(20), { user: 'admin' });

    expect(Number.parseInt(grown, 10)).toBeGreaterThanOrEqual(192 * 1.3);
    expect(Object.values(tasksOf(second)), told(second)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
    const pools = (resultOf(second, 'group')['lvs'] as Record<string, unknown>[]).filter(({ name }) => name === 'pool');
    expect(pools).toMatchObject([
      { type: 'thin-pool', size: Number.parseInt(grown, 10) * 1024 ** 2, monitored: true, health: '' },
    ]);
    expect(pools[0]?.['data_percent']).toBeGreaterThan(50);
    expect([sick.code, problemsOf(sick)], told(sick)).toEqual([2, ['E_ASSERT']]);

    const after = await play(
      `- hosts: lab\n  become: true\n  tasks:\n    - {name: boot, reboot: {}}\n${containers(90)}`,
      {
        user: 'admin',
      },
    );
    expect(tasksOf(after), told(after)).toEqual({ ...allOk(all), boot: 'ran', group: 'changed' });
    expect(await sh(machine, 'stat -c %s /var/lib/app/fill; lvm lvs --noheadings -o lv_active data/cold')).toMatch(
      /^146800640\n\s*active$/,
    );
    const last = await play(containers(90), { user: 'admin' });
    expect(tasksOf(last), told(last)).toEqual(allOk(all));
  },
);

function messagesOf({ events }: CopseEnd): readonly string[] {
  return events.flatMap((event) =>
    event.type === 'task-end' ? (event.problems ?? []).map(({ message }) => message) : [],
  );
}

function allOk(tasks: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.keys(tasks).map((name) => [name, 'ok']));
}

const dead = (more: string, destroy = ''): string => `
- hosts: lab
  tasks:
    - name: group
      lvm: {vg: data, ${more}lvs: [{name: keep}]}
${destroy === '' ? '' : `      allow_destroy: ${destroy}\n`}`;

scenario(
  'a disk that died is told with what lay on it, and leaves the group only when its volume is named',
  {
    proves: 'lvm: missing physical volume told, refused, removed after a tested run; what lies elsewhere goes on',
    disks: ['300M', '300M', '300M'],
  },
  async ({ machines: [machine], sh, play, fault }) => {
    const made = await play(`
- hosts: lab
  tasks:
    - {name: group, lvm: {vg: data, pvs: [${disk(1)}], lvs: [{name: keep, size: 200M}]}}
    - {name: second, lvm: {vg: data, pvs: [${disk(2)}], lvs: [{name: scratch, size: 250M}]}}
    - {name: fs, filesystem: {device: /dev/data/keep, type: ext4}}
    - {name: mount, mount: {path: /var/lib/keep, src: /dev/data/keep, fstype: ext4, options: [nofail]}}
    - {name: file, copy: {dest: /var/lib/keep/file, content: "still here\\n"}}
`);
    expect(made.code, told(made)).toBe(0);
    const uuid = await sh(machine, field('pvs', 'pv_uuid', disk(2)));
    await sh(machine, 'lvm lvchange -an data/scratch');
    await fault(machine, 'disk-pull', '2');
    await sh(machine, until(`[ ! -e ${disk(2)} ]`));

    const seen = await play(dead(''));
    const unnamed = await play(dead('missing_pvs: remove, '));
    const named = await play(dead('missing_pvs: remove, ', '[data/scratch]'));
    const again = await play(dead('missing_pvs: remove, ', '[data/scratch]'));
    const larger = await play(`
- hosts: lab
  tasks:
    - {name: group, lvm: {vg: data, pvs: [${disk(3)}], lvs: [{name: keep, size: 400M}]}}
`);

    expect([seen.code, problemsOf(seen)], told(seen)).toEqual([2, ['E_DESTROY']]);
    expect(messagesOf(seen)).toEqual([
      `the volume group "data" misses the physical volume ${uuid}; affected: data/scratch`,
    ]);
    expect([unnamed.code, problemsOf(unnamed)], told(unnamed)).toEqual([2, ['E_DESTROY']]);
    expect([tasksOf(named), tasksOf(again)], told(named) + told(again)).toEqual([
      { group: 'changed' },
      { group: 'ok' },
    ]);
    expect(tasksOf(larger), told(larger)).toEqual({ group: 'changed' });
    expect(await sh(machine, `${field('vgs', 'vg_missing_pv_count', 'data')}; cat /var/lib/keep/file`)).toBe(
      '0\nstill here',
    );
    expect(Number(await sh(machine, 'df -k --output=size /var/lib/keep | tail -1'))).toBeGreaterThan(360 * 1024);
  },
);

/** What growpart does; the file is there when it is done. */
const partition =
  "echo ', +' | sfdisk -q --no-reread --force -N 2 /dev/vda && partx -u --nr 2 /dev/vda && touch /var/lib/partition-grown";

const grow = `
- hosts: lab
  become: true
  tasks:
    - name: partition
      command: {argv: [sh, -c, "${partition}"], creates: /var/lib/partition-grown}
    - {name: root, filesystem: {device: /dev/vda2, type: ext4, grow: true}}
    - name: group
      lvm:
        vg: data
        pvs: [${disk(2)}]
        remove_pvs: [${disk(1)}]
        lvs:
          - {name: app, size: 420M}
          - {name: db, size: 100%FREE}
    - {name: app, mount: {path: /var/lib/app, src: /dev/data/app, fstype: xfs, options: [nofail]}}
    - {name: db, mount: {path: /var/lib/db, src: /dev/data/db, fstype: ext4, options: [nofail]}}
`;

scenario(
  'root and mounted volumes grow with their file systems, while a disk is emptied and leaves',
  {
    proves: 'filesystem: root grows into its partition; lvm: pvmove, vgextend, lvextend under mounted xfs and ext4',
    disks: ['500M', '900M'],
  },
  async ({ machines: [machine], sh, play }) => {
    const made = await play(`
- hosts: lab
  tasks:
    - {name: group, lvm: {vg: data, pvs: [${disk(1)}], lvs: [{name: app, size: 320M}, {name: db, size: 40M}]}}
    - {name: xfs, filesystem: {device: /dev/data/app, type: xfs}}
    - {name: ext4, filesystem: {device: /dev/data/db, type: ext4}}
    - {name: app, mount: {path: /var/lib/app, src: /dev/data/app, fstype: xfs, options: [nofail]}}
    - {name: db, mount: {path: /var/lib/db, src: /dev/data/db, fstype: ext4, options: [nofail]}}
    - {name: file, copy: {dest: /var/lib/app/file, content: "moved\\n"}}
`);
    expect(made.code, told(made)).toBe(0);
    const tooMuch = await play(`
- hosts: lab
  tasks:
    - {name: group, lvm: {vg: data, lvs: [{name: app, size: 2G}]}}
`);
    const sizes = "for p in / /var/lib/app /var/lib/db; do stat -f -c '%b %S' $p; done";
    const mib = async (): Promise<readonly number[]> =>
      (await sh(machine, sizes)).split('\n').map((line) => {
        const [blocks = 0, size = 0] = line.split(' ').map(Number);
        return Math.round((blocks * size) / 1024 ** 2);
      });
    const [rootBefore = 0] = await mib();

    const first = await play(grow, { user: 'admin' });
    const [root = 0, app = 0, db = 0] = await mib();
    const second = await play(grow, { user: 'admin' });

    expect([tooMuch.code, problemsOf(tooMuch)], told(tooMuch)).toEqual([2, ['E_SPACE']]);
    const changed = { partition: 'changed', root: 'changed', group: 'changed', app: 'ok', db: 'ok' };
    expect(tasksOf(first), told(first)).toEqual(changed);
    expect(root).toBeGreaterThan(rootBefore + 800);
    expect(app).toBeGreaterThan(340);
    expect(db).toBeGreaterThan(400);
    expect(
      await sh(machine, `${field('pvs', 'vg_name', disk(2))}; lvm pvs --noheadings | wc -l; cat /var/lib/app/file`),
    ).toBe('data\n1\nmoved');
    expect(Object.values(tasksOf(second)), told(second)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
  },
);
