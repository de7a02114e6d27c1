import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { recapOf, resultOf, tasksOf, told } from './copse.ts';
import { scenario } from './scenario.ts';

const REF = 'lab/28/x86_64/atomic-host';

const treefile = (packages: string): string => `{\n  "ref": "${REF}",\n  "packages": ${packages}\n}\n`;

const play = (key: string): string => `
- hosts: lab
  become: true
  tasks:
    - {name: archive, ostree_repo: {path: /srv/repo, config: {core.min-free-space-percent: 1}}}
    - name: tree
      ostree_compose:
        treefile: /srv/build/config/host.json
        files: [host.json]
        ref: ${REF}
        repo: /srv/repo
        cachedir: /srv/build/cache
        sign: {key: "${key}"}
        deltas: {}
        timer: {on_calendar: "*-*-* 02:30", randomized_delay: 10m}
    - name: published
      ostree_repo:
        path: /srv/repo
        sign: {key: "${key}"}
        deltas: {}
        keep: 2
        fsck: changed
        serve: {port: 8080}
      allow_destroy: [/srv/repo]
`;

const CLIENT = `ostree init --repo=/var/client --mode=bare-user
ostree remote add --repo=/var/client --set=gpg-verify=true --set=gpg-verify-summary=true --gpg-import=/root/pub.gpg build http://127.0.0.1:8080 >/dev/null`;
const PULL = `ostree pull --repo=/var/client build ${REF} >/dev/null && ostree rev-parse --repo=/var/client build:${REF}`;

scenario(
  'a build server composes, signs, serves and rebuilds; a client pulls with verification; the second run writes nothing',
  { proves: 'ostree_repo, ostree_compose: real commits, gpg, deltas, HTTP, systemd service and timer' },
  async ({ machines: [machine], folder, sh, play: run }) => {
    const standIn = await readFile(new URL('../support/rpm-ostree-compose.sh', import.meta.url), 'base64');
    await sh(
      machine,
      `printf %s '${standIn}' | base64 -d >/usr/local/bin/rpm-ostree; chmod 755 /usr/local/bin/rpm-ostree`,
    );
    await sh(
      machine,
      'gpg --batch --quiet --passphrase "" --quick-gen-key Build ed25519 sign never; gpg --export >/root/pub.gpg',
    );
    const key = (await sh(machine, 'gpg --batch --with-colons --list-secret-keys | sed -n "s/^fpr:*//p"')).slice(0, 40);
    await writeFile(join(folder, 'host.json'), treefile('["bash"]'));
    const writes =
      'find /srv/repo /etc/copse /etc/systemd/system /srv/build -type f -printf "%p %i %T@\\n" | sort; systemctl show -p MainPID ostree-repo';

    const first = await run(play(key), { user: 'admin' });
    const before = await sh(machine, writes);
    const second = await run(play(key), { user: 'admin' });
    const commit = resultOf(first, 'tree')['commit'];

    expect(tasksOf(first), told(first)).toEqual({ archive: 'changed', tree: 'changed', published: 'changed' });
    expect([tasksOf(second), recapOf(second).status], told(second)).toEqual([
      { archive: 'ok', tree: 'ok', published: 'ok' },
      'ok',
    ]);
    expect(await sh(machine, writes)).toBe(before);
    expect(resultOf(second, 'published')).toMatchObject({
      refs: { [REF]: commit },
      unsigned: [],
      deltas: 1,
      key,
      url: 'http://127.0.0.1:8080',
    });
    expect(await sh(machine, `${CLIENT}\n${PULL}`)).toBe(commit);

    await writeFile(join(folder, 'host.json'), treefile('["bash", "vim"]'));
    const third = await run(play(key), { user: 'admin' });
    const next = resultOf(third, 'tree')['commit'];

    expect(tasksOf(third), told(third)).toMatchObject({ archive: 'ok', tree: 'changed' });
    expect(next).not.toBe(commit);
    expect(await sh(machine, PULL)).toBe(next);
    expect(await sh(machine, 'ostree static-delta list --repo=/srv/repo')).toContain(
      `${String(commit)}-${String(next)}`,
    );

    // What the timer starts: once with nothing to do, once with another tree.
    await sh(machine, 'systemctl start ostree-compose.service');
    expect(await sh(machine, PULL)).toBe(next);
    await sh(
      machine,
      'mkdir -p /srv/build/config/tree/usr; echo 1 >/srv/build/config/tree/usr/news; systemctl start ostree-compose.service',
    );
    const rebuilt = await sh(machine, PULL);
    const last = await run(play(key), { user: 'admin' });

    expect(rebuilt).not.toBe(next);
    expect(await sh(machine, `ostree cat --repo=/var/client build:${REF} /usr/news`)).toBe('1');
    expect(await sh(machine, 'systemctl show -p ActiveState,UnitFileState ostree-compose.timer')).toBe(
      'ActiveState=active\nUnitFileState=enabled',
    );
    // The third commit is one too many for "keep".
    expect(tasksOf(last), told(last)).toEqual({ archive: 'ok', tree: 'ok', published: 'changed' });
    expect(await sh(machine, `ostree log --repo=/srv/repo ${REF} | grep -c '^commit '`)).toBe('2');
    expect(resultOf(last, 'tree')).toMatchObject({ commit: rebuilt, last_build: 'success' });
  },
);
