import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFleet } from '../../src/sim/fleet.ts';
import type { Fleet } from '../../src/sim/types.ts';
import { login, loginAgain, once, QUICK, type Login } from './client.ts';

let fleet: Fleet;
let shared: Login;
beforeAll(async () => {
  fleet = await startFleet({
    hosts: [{ name: 'plain' }, { name: 'strict', sudoPassword: 'open sesame' }, { name: 'spare' }, { name: 'other' }],
    timing: QUICK,
  });
  shared = await login(fleet, fleet.host('plain'));
});
afterAll(async () => {
  shared.end();
  await fleet.stop();
});

const UNIT =
  '[Unit]\\nDescription=Demo\\n[Service]\\nExecStart=/usr/bin/sleep 1\\n[Install]\\nWantedBy=multi-user.target\\n';

/** Commands as the login user of a host without a sudo password; each line leaves the host as it found it, or uses names of its own. */
const TABLE: readonly (readonly [command: string, code: number, out: string, err: string])[] = [
  ['id -u; id -un; whoami; sudo id -u; sudo -u nobody whoami', 0, '1000\ncore\ncore\n0\nnobody\n', ''],
  ['uname -sm; hostname; uname -n', 0, 'Linux x86_64\nplain\nplain\n', ''],
  ['getent passwd core nosuch', 2, 'core:x:1000:1000:core:/var/home/core:/bin/bash\n', ''],
  [
    'echo "$HOME $USER"; sudo sh -c \'echo "$HOME $USER $SUDO_USER"\'',
    0,
    '/var/home/core core\n/var/roothome root core\n',
    '',
  ],
  ['sudo -n nosuchtool', 1, '', 'sudo: nosuchtool: command not found\n'],
  ['sudo -u nosuch id', 1, '', 'sudo: unknown user nosuch\nsudo: error initializing audit plugin sudoers_audit\n'],
  ["sudo FOO=bar sh -c 'echo $FOO'", 0, 'bar\n', ''],
  [
    'stat -c "%a %U:%G %F %n" /etc/hostname /etc ~',
    0,
    '644 root:root regular file /etc/hostname\n755 root:root directory /etc\n755 core:core directory /var/home/core\n',
    '',
  ],
  ['stat -c %s /nosuch', 1, '', "stat: cannot statx '/nosuch': No such file or directory\n"],
  ['stat -L -c %F /home; stat -c "%F %N" /home', 0, "directory\nsymbolic link '/home' -> 'var/home'\n", ''],
  ['chown nobody /etc/hostname', 1, '', "chown: changing ownership of '/etc/hostname': Operation not permitted\n"],
  ['sudo chown nosuch /etc/hostname', 1, '', 'chown: invalid user: ‘nosuch’\n'],
  [
    'cd /tmp; mkdir -p o/p; sudo chown -R nobody:wheel o; mv o q; stat -c %U:%G q q/p; sudo chgrp 0 q; stat -c %U:%G q',
    0,
    'nobody:wheel\nnobody:wheel\nnobody:root\n',
    '',
  ],
  ['systemctl is-active sshd nosuch', 0, 'active\ninactive\n', ''],
  ['systemctl is-active nosuch', 4, 'inactive\n', ''],
  ['systemctl is-enabled sshd.service', 0, 'enabled\n', ''],
  ['systemctl is-enabled podman.socket', 1, 'disabled\n', ''],
  ['systemctl is-enabled nosuch', 4, 'not-found\n', ''],
  [
    'systemctl show --property=LoadState,ActiveState -- nosuch.service',
    0,
    'LoadState=not-found\nActiveState=inactive\n',
    '',
  ],
  ['systemctl show -p Version -p NFailedUnits', 0, 'Version=257 (257.5-1.fc42)\nNFailedUnits=0\n', ''],
  ['systemctl show --value -p Id sshd chronyd', 0, 'sshd.service\n\nchronyd.service\n', ''],
  ['systemctl restart chronyd', 4, '', 'Failed to restart chronyd.service: Interactive authentication required.\n'],
  ['sudo systemctl start nosuch', 5, '', 'Failed to start nosuch.service: Unit nosuch.service not found.\n'],
  ['sudo systemctl enable nosuch', 1, '', 'Failed to enable unit: Unit nosuch.service does not exist\n'],
  ['systemctl is-system-running', 0, 'running\n', ''],
  ['systemctl list-units --state=failed --plain --no-legend', 0, '', ''],
  ['systemctl frobnicate', 1, '', "Unknown command verb 'frobnicate'.\n"],
  ['rpm -q podman nosuch', 1, 'podman-5.4.2-1.fc42.x86_64\npackage nosuch is not installed\n', ''],
  ["rpm -q --qf '%{NAME} %{VERSION}\\n' bash", 0, 'bash 5.2.37\n', ''],
  ['findmnt -n -o SOURCE,FSTYPE -T /var/lib/x', 0, '/dev/vda4 xfs\n', ''],
  ['findmnt /nosuch', 1, '', ''],
  ['df -P -k /boot | tail -n 1', 0, '/dev/vda3 1048576 349525 699050 34% /boot\n', ''],
  ['lsblk -P -b -o NAME,TYPE,SIZE vdb', 0, 'NAME="vdb" TYPE="disk" SIZE="21474836480"\n', ''],
  ['getenforce; mountpoint -q /boot; echo $?; mountpoint -q /etc/ssh; echo $?', 0, 'Enforcing\n0\n32\n', ''],
  ['awk \'$2 == "/boot" {print $3}\' /proc/self/mounts', 0, 'ext4\n', ''],
  ['podman --version; podman ps --format json', 0, 'podman version 5.4.2\n[]\n', ''],
  ['podman run x', 125, '', 'Error: the simulated podman does not know "run x"\n'],
  ['command -v docker python3 tmux | wc -l', 0, '0\n', ''],
];

describe('a modelled tool', () => {
  test.each(TABLE)('%s', async (command, code, out, err) => {
    expect(await shared.run(command)).toEqual({ code, out, err });
  });
});

describe('sudo with a password', () => {
  test.each([
    ['sudo -n true', '', 1, 'sudo: a password is required\n'],
    [
      'sudo true',
      '',
      1,
      'sudo: a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper\nsudo: a password is required\n',
    ],
    ['sudo -S -p "ask: " id -u', 'open sesame\n', 0, 'ask: '],
    ['sudo -S -p "ask: " id -u', 'wrong\nopen sesame\n', 0, 'ask: Sorry, try again.\nask: '],
    [
      'sudo -S -p "ask: " id -u',
      'a\nb\nc\n',
      1,
      'ask: Sorry, try again.\nask: Sorry, try again.\nask: sudo: 3 incorrect password attempts\n',
    ],
    ['sudo -S -p "" cat', 'open sesame\nthe rest\n', 0, ''],
  ])('%s, given %j, ends with %i', async (command, stdin, code, err) => {
    const said = await once(fleet, fleet.host('strict'), command, stdin);

    expect([said.code, said.err]).toEqual([code, err]);
    if (command.endsWith('cat')) expect(said.out).toBe('the rest\n');
  });

  test('is asked for a word nobody knows when it is wrong by fault', async () => {
    const host = fleet.host('spare');
    host.inject({ fault: 'wrong-sudo-password' });

    const said = await once(fleet, host, 'sudo -n true');
    host.clear();

    expect(said).toEqual({ code: 1, out: '', err: 'sudo: a password is required\n' });
  });
});

describe('a unit from a file', () => {
  test('is started, enabled, seen to need a reload, masked, and is still enabled after a reboot', async () => {
    const host = fleet.host('spare');
    const session = await login(fleet, host);
    const show = 'systemctl show --value -p ActiveState -p UnitFileState -p NeedDaemonReload demo | tr "\\n" " "';
    const write = (text: string): string => `printf '${text}' | sudo tee /etc/systemd/system/demo.service >/dev/null`;

    const enabled = await session.run(`${write(UNIT)}; sudo systemctl enable --now demo 2>/dev/null; ${show}`);
    const edited = await session.run(
      `${write(UNIT.replace('Demo', 'Edited'))}; ${show}; sudo systemctl daemon-reload; ${show}`,
    );
    const masked = await session.run(
      `sudo systemctl mask --now demo 2>/dev/null; ${show}; sudo systemctl start demo; sudo systemctl unmask demo 2>/dev/null; ${show}`,
    );
    await session.run('sudo systemctl reboot');
    await session.closed;
    const again = await loginAgain(fleet, host);
    const after = await again.run(show);
    again.end();

    expect(enabled.out).toBe('active enabled no ');
    expect(edited.out).toBe('active enabled yes active enabled no ');
    expect(masked).toEqual({
      code: 0,
      out: 'inactive masked no inactive enabled no ',
      err: 'Failed to start demo.service: Unit demo.service is masked.\n',
    });
    expect(after.out).toBe('active enabled no ');
  });

  test('fails with status 203 when its program is not there', async () => {
    const text = UNIT.replace('/usr/bin/sleep 1', '/usr/bin/nosuch');

    const { code, out } = await shared.run(
      `printf '${text}' | sudo tee /etc/systemd/system/bad.service >/dev/null; sudo systemctl start bad 2>/dev/null; echo $?
      systemctl show --value -p ActiveState -p Result -p ExecMainStatus bad; systemctl is-system-running
      sudo systemctl reset-failed bad; systemctl is-system-running`,
    );

    expect([code, out]).toEqual([0, '1\n203\nexit-code\nfailed\ndegraded\nrunning\n']);
  });
});

describe('systemd-run', () => {
  test('runs apart from the connection, keeps a failure, and refuses a name that is taken', async () => {
    const host = fleet.host('other');
    const session = await login(fleet, host);
    const start = "sudo systemd-run --unit=job sh -c 'echo one; sleep 0.3; echo two; exit 3'";

    const started = await session.run(start);
    const twice = await session.run(start);
    session.end();
    await session.closed;
    const again = await login(fleet, host);
    await again.run('while systemctl is-active -q job; do sleep 0.05; done');
    const ended = await again.run(
      'systemctl show --value -p ActiveState -p ExecMainStatus job; journalctl -u job -o cat',
    );
    again.end();

    expect(started).toEqual({ code: 0, out: '', err: 'Running as unit: job.service\n' });
    expect(twice).toEqual({
      code: 1,
      out: '',
      err: 'Failed to start transient service unit: Unit job.service was already loaded or has a fragment file.\n',
    });
    expect(ended.out).toBe('3\nfailed\none\ntwo\njob.service: Main process exited, code=exited, status=3\n');
  });

  test('waits with --wait, passes outputs with --pipe, is gone after success', async () => {
    const said = await shared.run(
      'sudo systemd-run -q --wait sh -c "exit 4"; echo $?; sudo systemd-run --pipe -q -E A=b sh -c \'echo $A\'; sudo systemd-run -q --wait -u ok true; systemctl show -p LoadState ok',
    );

    expect(said).toEqual({ code: 0, out: '4\nb\nLoadState=not-found\n', err: '' });
  });

  test('on a timer runs later, unless the timer is stopped first', async () => {
    const said = await shared.run(
      `sudo systemd-run --on-active=100ms -u later touch /run/later 2>/dev/null; sudo systemd-run --on-active=100ms -u never touch /run/never 2>/dev/null
      systemctl show --value -p SubState later.timer; sudo systemctl stop never.timer; sleep 0.5; ls /run/later /run/never 2>/dev/null`,
    );

    expect(said.out).toBe('waiting\n/run/later\n');
  });
});

describe('the journal', () => {
  test('has lines by unit, boot and format', async () => {
    const host = fleet.host('other');
    const session = await login(fleet, host);
    await session.run('sudo rpm-ostree install -y htop >/dev/null; sudo systemctl reboot');
    await session.closed;
    const again = await loginAgain(fleet, host);

    const cat = await again.run('journalctl -b -1 -u ostree-finalize-staged.service -o cat');
    const json = await again.run('journalctl -b -1 -u ostree-finalize-staged -o json -n 1');
    const none = await again.run('journalctl -b -9; journalctl -q -u nosuch');
    again.end();

    expect(cat.out).toBe(
      'Finalizing staged deployment\nFinalized deployment\nBootloader updated; bootconfig swap: yes; bootversion: boot.0.1, deployment count change: 0\n',
    );
    expect(JSON.parse(json.out)).toMatchObject({ _HOSTNAME: 'other', MESSAGE_ID: 'dd440e3e549083b63d0efc7dc15255f1' });
    expect(none).toEqual({ code: 0, out: '', err: 'No journal boot entry found for the specified boot (-9).\n' });
  });
});
