import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Machine } from '../../lab/machine.ts';
import { attempt } from '../../lab/shell.ts';
import { problemsOf, resultOf, tasksOf, told } from './copse.ts';
import { scenario } from './scenario.ts';

/** Two images of one name and different tags, that stay up until they are told to end. */
const IMAGES = `d=$(mktemp -d) && cd "$d"
printf '#!/bin/sh\\ntrap "exit 0" TERM\\nwhile :; do sleep 1; done\\n' >run.sh && chmod 755 run.sh
printf 'FROM localhost/busybox:1\\nCOPY run.sh /bin/\\nCMD ["/bin/run.sh"]\\n' >Containerfile
for r in 1 2; do podman build -q --network=none --label rev=$r -t localhost/app:$r . >/dev/null || exit 1; done`;

interface AppWish {
  readonly image?: string;
  readonly state?: string;
  readonly token?: string;
}

/** Everything a wish can say that a container without a network of others can show. */
const app = ({ image = 'localhost/app:1', state = 'started', token = 'to ken \'$HOME\' "x" %n' }: AppWish): string => `
- hosts: lab
  become: true
  vars:
    key: !secret key
    token: ${JSON.stringify(token)}
  tasks:
    - name: app
      container_service:
        name: app
        image: ${image}
        state: ${state}
        remove_volumes: ${state === 'absent' ? 'true' : 'false'}
        description: the app, 100% "good"
        command: [/bin/run.sh, "two words", "100% $HOME", "a;b", 'back\\slash "q"', "; x"]
        environment: {GREETING: "it's $HOME %n \\"x\\"", TAB: "a\\tb\\\\"}
        secrets:
          - {name: key, value: "\${{ vars.key }}"}
          - {name: token, value: "\${{ vars.token }}", env: TOKEN}
        mounts:
          - data:/data
          - {source: /var/log/app, target: /log, create: folder}
          - {source: /etc/app.conf, create: file, mode: ro}
          - /var/lib/app/
        create_folders: true
        networks: [{name: appnet, subnet: 10.77.0.0/24}]
        ports: ["127.0.0.1:8080:80"]
        hostname: apphost
        drop_capabilities: [ALL]
        capabilities: [CAP_NET_BIND_SERVICE, KILL]
        read_only: true
        user: "0:0"
        labels: {my.label: "a b $x %y"}
        devices: [/dev/null]
        options: ["--memory=64m", "--tmpfs=/scratch:size=1m", "--annotation=x=a b"]
        health: {command: 'test -d /data && echo "ok $HOSTNAME" | grep -q apphost', interval: 10s, start_period: 1s, on_failure: kill}
${state === 'absent' ? '      allow_destroy: [data]\n' : ''}`;

scenario(
  'a container becomes a Quadlet service, is renewed by digest and goes without a trace',
  { proves: 'words, secrets, mounts, ports and limits arrive whole; health; digest; nothing is left' },
  async ({ machines: [machine], folder, sh, play }) => {
    await writeFile(join(folder, 'key'), 'key one\nsecond $HOME line');
    await sh(machine, IMAGES);

    const first = await play(app({}), { user: 'admin' });

    expect(tasksOf(first), told(first)).toEqual({ app: 'changed' });
    expect(resultOf(first, 'app')).toMatchObject({ active: 'active', status: 'running', health: 'healthy' });
    expect(
      await sh(
        machine,
        `podman exec app sh -c 'cat /run/secrets/key; echo; printf "%s\\n" "$TOKEN" "$GREETING" "$TAB"; tr "\\0" "\\n" </proc/1/cmdline; grep CapBnd /proc/1/status; hostname; ls -d /data /log /etc/app.conf /var/lib/app; touch /etc/app.conf /x 2>&1'
        podman inspect --format '{{json .NetworkSettings.Ports}} {{index .Config.Labels "my.label"}} {{.HostConfig.Memory}} {{.HostConfig.NetworkMode}} {{index .Config.Annotations "x"}}' app
        systemctl show -p Description,ActiveState,SourcePath app; systemctl list-dependencies --plain multi-user.target | grep -c app.service; stat -c '%a %U %n' /etc/copse/containers/app/secrets/*`,
      ),
    ).toBe(words);
    expect(told(first)).not.toMatch(/to ken|key one/);
    expect(
      await sh(
        machine,
        'grep -rl -e "to ken" -e "key one" /etc /run/systemd /var/log 2>/dev/null | sort; journalctl -q | grep -c "to ken" || :',
      ),
    ).toBe(
      '/etc/copse/containers/app/secrets/key@1\n/etc/copse/containers/app/secrets/token@1\n/etc/copse/containers/app/secrets/token@1.env\n0',
    );
    const second = await play(app({}), { user: 'admin' });
    expect(tasksOf(second), told(second)).toEqual({ app: 'ok' });

    const digest = await sh(machine, "podman image inspect --format '{{index .RepoDigests 0}}' localhost/app:2");
    const pinned = await play(app({ image: digest }), { user: 'admin' });
    expect(tasksOf(pinned), told(pinned)).toEqual({ app: 'changed' });
    expect(
      await sh(
        machine,
        `podman inspect --format '{{index .Config.Labels "rev"}} {{.ImageName}}' app; grep ^Image= /etc/containers/systemd/app.container`,
      ),
    ).toBe(`2 ${digest}\nImage=${digest}`);

    const kept = await play(app({ image: digest, state: 'absent' }).replace(/ *allow_destroy.*/, ''), {
      user: 'admin',
    });
    expect([tasksOf(kept), problemsOf(kept)], told(kept)).toEqual([{ app: 'failed' }, ['E_DESTROY']]);
    expect(await sh(machine, 'systemctl is-active app')).toBe('active');
    const gone = await play(app({ image: digest, state: 'absent' }), { user: 'admin' });
    expect(tasksOf(gone), told(gone)).toEqual({ app: 'changed' });
    expect(
      await sh(
        machine,
        `podman ps -aq; podman volume ls -q; podman network ls --format '{{.Name}}'; ls -A /etc/copse/containers /etc/containers/systemd
        systemctl show -p LoadState app; systemctl list-units --all --no-legend | grep -c app.service || :`,
      ),
    ).toBe('podman\n/etc/containers/systemd:\nusers\n\n/etc/copse/containers:\nLoadState=not-found\n0');
    const last = await play(app({ image: digest, state: 'absent' }), { user: 'admin' });
    expect(tasksOf(last), told(last)).toEqual({ app: 'ok' });
  },
);

const words = `key one
second $HOME line
to ken '$HOME' "x" %n
it's $HOME %n "x"
a	b\\
/bin/sh
/bin/run.sh
two words
100% $HOME
a;b
back\\slash "q"
; x
CapBnd:	0000000000000420
apphost
/data
/etc/app.conf
/log
/var/lib/app
touch: /etc/app.conf: Read-only file system
touch: /x: Read-only file system
{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"}]} a b $x %y 67108864 bridge a b
Description=the app, 100% "good"
ActiveState=active
SourcePath=/etc/containers/systemd/app.container
1
400 root /etc/copse/containers/app/secrets/key@1
600 root /etc/copse/containers/app/secrets/token@1
600 root /etc/copse/containers/app/secrets/token@1.env`;

/** An image with the labels of a system container: it enrols the host, runs as its service, and takes all of it away again. */
const SYSTEM_IMAGES = `d=$(mktemp -d) && cd "$d"
printf '#!/bin/sh\\ntest -s /etc/sysd/enrolled || exit 1\\ntrap "exit 0" TERM\\nwhile :; do sleep 1; done\\n' >run.sh
cat >install.sh <<'F'
#!/bin/sh
otp=$(cat "$HOST/etc/sysd/otp") || exit 9
[ "$1" = --domain ] || exit 8
echo "$2 $NAME $IMAGE $(printf %s "$otp" | sha256sum | cut -c1-8)" >"$HOST/etc/sysd/enrolled"
F
cat >join.sh <<'F'
#!/bin/sh
read -r otp
echo "joined $1 $(cat /etc/sysd/enrolled) $(printf %s "$otp" | sha256sum | cut -c1-8)" >/etc/sysd/joined
F
printf '#!/bin/sh\\nrm -f /host/etc/sysd/enrolled\\n' >uninstall.sh
chmod 755 *.sh
cat >Containerfile <<'F'
FROM localhost/busybox:1
COPY run.sh install.sh join.sh uninstall.sh /bin/
LABEL INSTALL='docker run --rm=true --privileged --net=host -v /:/host -e NAME=\${NAME} -e IMAGE=\${IMAGE} -e HOST=/host \${IMAGE} /bin/install.sh'
LABEL RUN='docker run -d --restart=always --privileged --net=host --name \${NAME} -e NAME=\${NAME} -e IMAGE=\${IMAGE} -v /etc/sysd/:/etc/sysd/:ro -v /etc/hostname:/etc/host.name:ro -v /var/lib/sysd/:/var/lib/sysd/ -v /var/log/sysd/:/var/log/sysd/ -v /run/dbus/system_bus_socket:/run/dbus/system_bus_socket \${IMAGE} /bin/run.sh'
LABEL UNINSTALL='docker run --rm --privileged -v /:/host -e HOST=/host \${IMAGE} /bin/uninstall.sh'
F
podman build -q --network=none -t localhost/sysd:1 . >/dev/null
printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' >/run/systemd/system/old-sysd.service
systemctl daemon-reload && systemctl -q enable --now old-sysd`;

/** The two ways of the talk to enrol a host: by the label of the image, and by a command with the data of the host copied in and out. */
const system = (state: string): string => `
- hosts: lab
  become: true
  vars: {otp: !secret otp}
  tasks:
    - name: sysd
      container_service:
        name: sysd
        image: localhost/sysd:1
        state: ${state}
        unit: plain
        create_folders: true
        setup:
          label: INSTALL
          args: [--domain, "example test"]
          creates: [/etc/sysd/enrolled]
          secret: {value: "\${{ vars.otp }}", file: /etc/sysd/otp}
        run_label: RUN
        uninstall: {label: UNINSTALL}
    - name: joined
      container_service:
        name: joined
        image: localhost/sysd:1
        state: ${state}
        migrate: old-sysd.service
        setup:
          command: [/bin/join.sh, realm]
          host_data: [/etc/sysd]
          secret: {value: "\${{ vars.otp }}"}
        command: [/bin/run.sh]
        mounts: ["/etc/sysd/:/etc/sysd/:ro"]
        network: none
        auto_update: local
`;

scenario(
  'a system container is enrolled, run and removed by the labels of its image, and one takes over from a native service',
  { proves: 'INSTALL, RUN, UNINSTALL, host data and migration as in the talk; the one-time secret is on no disk' },
  async ({ machines: [machine], folder, sh, play }) => {
    await writeFile(join(folder, 'otp'), 'one-time-pass-4711');
    await sh(machine, SYSTEM_IMAGES);

    const first = await play(system('started'), { user: 'admin' });

    expect(tasksOf(first), told(first)).toEqual({ sysd: 'changed', joined: 'changed' });
    expect(told(first)).not.toContain('one-time-pass');
    expect(
      await sh(
        machine,
        `cat /etc/sysd/enrolled /etc/sysd/joined; ls /etc/sysd; ls -d /var/lib/sysd /var/log/sysd
        systemctl is-active sysd joined; systemctl is-enabled sysd
        podman inspect --format '{{.HostConfig.Privileged}} {{.HostConfig.NetworkMode}} {{len .Mounts}}' sysd
        systemctl show -p LoadState,ActiveState old-sysd; podman ps -a --format '{{.Names}}' | sort
        tar -tzf /var/lib/copse/containers/joined/before-setup.tar.gz`,
      ),
    ).toBe(enrolled);
    // the whole disk of the machine, with what was deleted
    await sh(machine, 'sync');
    expect(await diskHas(machine, 'one-time-pass-4711')).toBe(false);
    const second = await play(system('started'), { user: 'admin' });
    expect(tasksOf(second), told(second)).toEqual({ sysd: 'ok', joined: 'ok' });

    // by hand: a container of that name with another configuration, under the unit's name
    await sh(
      machine,
      'systemctl stop sysd; podman run -d --name sysd localhost/sysd:1 /bin/sleep 1d; echo "# mine" >>/etc/containers/systemd/joined.container',
    );
    const again = await play(system('started'), { user: 'admin' });
    expect(tasksOf(again), told(again)).toEqual({ sysd: 'changed', joined: 'changed' });
    expect(await sh(machine, drift)).toBe('true active\n0');

    const gone = await play(system('absent'), { user: 'admin' });
    expect(tasksOf(gone), told(gone)).toEqual({ sysd: 'changed', joined: 'changed' });
    expect(
      await sh(
        machine,
        `ls /etc/sysd; podman ps -aq; ls -A /etc/copse/containers; ls /etc/containers/systemd/*.container /etc/systemd/system/*sysd* 2>/dev/null
        systemctl show -p LoadState sysd joined; systemctl show -p LoadState,UnitFileState old-sysd`,
      ),
    ).toBe('joined\nLoadState=not-found\n\nLoadState=not-found\nLoadState=loaded\nUnitFileState=disabled');
    const last = await play(system('absent'), { user: 'admin' });
    expect(tasksOf(last), told(last)).toEqual({ sysd: 'ok', joined: 'ok' });
  },
);

const hash = createHash('sha256').update('one-time-pass-4711').digest('hex').slice(0, 8);
const enrolled = `example test sysd localhost/sysd:1 ${hash}
joined realm example test sysd localhost/sysd:1 ${hash} ${hash}
enrolled
joined
/var/lib/sysd
/var/log/sysd
active
active
enabled
true host 5
LoadState=masked
ActiveState=inactive
joined
sysd
etc/sysd/
etc/sysd/enrolled`;
const drift = `echo "$(podman inspect --format '{{.HostConfig.Privileged}}' sysd) $(systemctl is-active joined)"; grep -c mine /etc/containers/systemd/joined.container || :`;

/** Whether the system disk of a machine holds a text anywhere, in deleted files too. */
async function diskHas(machine: Machine, text: string): Promise<boolean> {
  return (await attempt(['grep', '-qa', '--', text, join(machine.folder, 'system.qcow2')])).code === 0;
}
