import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFleet } from '../../src/sim/fleet.ts';
import type { Fleet } from '../../src/sim/types.ts';
import { login, loginAgain, once, QUICK } from './client.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({ hosts: 4, timing: QUICK });
});
afterAll(async () => {
  await fleet.stop();
});

describe('a fleet', () => {
  test('has hosts with an address, a host key and groups of their own', () => {
    const inventory = readFileSync(fleet.inventoryFile, 'utf8');
    const known = readFileSync(fleet.knownHostsFile, 'utf8').trim().split('\n');

    expect(fleet.hosts.map(({ name }) => name)).toEqual(['edge01', 'edge02', 'edge03', 'edge04']);
    expect(new Set(fleet.hosts.map(({ address }) => address)).size).toBe(4);
    expect(new Set(known.map((line) => line.split(' ')[2])).size).toBe(4);
    expect(inventory).toContain('canary');
  });

  test('shows the host key that stands in known_hosts', async () => {
    const host = fleet.host('edge02');
    const session = await login(fleet, host);
    session.end();

    expect(readFileSync(fleet.knownHostsFile, 'utf8')).toContain(
      `[${host.address}]:${host.port} ssh-ed25519 ${session.hostKey()}`,
    );
  });

  test('of a thousand hosts is there at once; a host makes its files when it is first used', async () => {
    const many = await startFleet({ hosts: 1000, timing: QUICK });
    const host = many.host('edge0777');
    const before = existsSync(host.root);
    const said = await once(many, host, 'hostname');
    const others = many.hosts.filter(({ root }) => existsSync(root)).length;
    await many.stop();

    expect([before, said.out, others]).toEqual([false, 'edge0777\n', 1]);
  });

  test('removes its files and its processes when it stops', async () => {
    const other = await startFleet({ hosts: 1, timing: QUICK });
    const [host] = other.hosts;
    const { out } = await once(
      other,
      host!,
      'sudo systemd-run -q --unit=long sleep 100; systemctl show -p MainPID --value long',
    );

    await other.stop();

    expect(existsSync(other.folder)).toBe(false);
    expect(() => process.kill(Number(out.trim()), 0)).toThrow('ESRCH');
  });
});

describe('the shell of a host', () => {
  test('is a real one over files of its own', async () => {
    const host = fleet.host('edge01');
    const text =
      'f=/etc/demo.conf; echo "a b" >"$f" && sed -i s/a/c/ /etc/demo.conf && cat "$f" && cd /etc && pwd && ls demo*';

    const said = await once(fleet, host, text);

    expect(said).toEqual({ code: 0, out: 'c b\n/etc\ndemo.conf\n', err: '' });
    expect(readFileSync(`${host.root}/etc/demo.conf`, 'utf8')).toBe('c b\n');
    expect(existsSync('/etc/demo.conf')).toBe(false);
  });

  test('gives the exit status, both outputs and the input as they are', async () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 251));
    const session = await login(fleet, fleet.host('edge01'));

    const both = await session.run('echo out; echo err >&2; exit 7');
    const copied = await session.run('cat >/tmp/payload && sha256sum </tmp/payload', bytes);
    const killed = await session.run('kill -9 $$');
    session.end();

    expect(both).toEqual({ code: 7, out: 'out\n', err: 'err\n' });
    expect(copied.out).toBe(`${(await import('node:crypto')).createHash('sha256').update(bytes).digest('hex')}  -\n`);
    expect(killed.code).toBe(null);
  });

  test('takes shell text on its standard input', async () => {
    const session = await login(fleet, fleet.host('edge01'));

    const typed = await session.shell('cat /etc/hostname\necho "$0" >/dev/null\nexit 3\n');
    const piped = await session.run('exec sh -s -- one', 'echo "$1"; cat /etc/hostname\n');
    session.end();

    expect(typed).toEqual({ code: 3, out: 'edge01\n', err: '' });
    expect(piped).toEqual({ code: 0, out: 'one\nedge01\n', err: '' });
  });

  test('moves the paths of text that it reads into a variable and runs', async () => {
    const text = 'while IFS= read -r line; do eval "$line"; done';

    const said = await once(
      fleet,
      fleet.host('edge02'),
      text,
      'cat /etc/hostname\nx="/etc/hostname /x"; cat ${x% *}\n',
    );

    expect(said).toEqual({ code: 0, out: 'edge02\nedge02\n', err: '' });
  });

  test('is not blocked by 8 MB on both outputs at once', async () => {
    const session = await login(fleet, fleet.host('edge01'));
    const text = 'head -c 8000000 /dev/zero | tr "\\0" x & head -c 8000000 /dev/zero | tr "\\0" y >&2; wait';

    const { code, out, err } = await session.run(text);
    session.end();

    expect([code, out.length, err.length]).toEqual([0, 8_000_000, 8_000_000]);
  });
});

describe('layering and a reboot', () => {
  test('give a staged deployment, a lost connection, a new boot id and the program', async () => {
    const host = fleet.host('edge03');
    const session = await login(fleet, host);
    const before = host.state;

    const installed = await session.run('sudo rpm-ostree install -y tmux && command -v tmux');
    const staged = host.state.sysroot.deployments[0];
    await session.run('sudo systemctl reboot');
    await session.closed;
    const again = await loginAgain(fleet, host);
    const after = await again.run('tmux -V; cat /proc/sys/kernel/random/boot_id');
    again.end();

    expect(installed.code).not.toBe(0);
    expect(staged?.staged).toBe(true);
    expect(host.state.sysroot.bootedId).toBe(`fedora-iot-${staged?.checksum}.0`);
    expect(host.state.bootId).not.toBe(before.bootId);
    expect(after.out).toBe(`tmux 3.5a\n${host.state.bootId}\n`);
    expect(host.counts).toMatchObject({ reboots: 1, transactions: 1, connections: expect.any(Number), logins: 2 });
  });
});
