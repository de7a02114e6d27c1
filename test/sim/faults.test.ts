import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Fault as Problems } from '../../src/core/problem.ts';
import { FAULTS, parseFault, type Fault } from '../../src/sim/faults.ts';
import { startFleet } from '../../src/sim/fleet.ts';
import { idOf } from '../../src/sim/model/deployment.ts';
import type { Fleet, SimHost } from '../../src/sim/types.ts';
import { login, loginAgain, once, QUICK } from './client.ts';

let fleet: Fleet;
let next = 0;
beforeAll(async () => {
  fleet = await startFleet({ hosts: 30, timing: QUICK, faults: { edge30: [{ fault: 'refuse' }] } });
});
afterAll(async () => {
  await fleet.stop();
});

function freshHost(fault?: Fault): SimHost {
  next += 1;
  const host = fleet.hosts[next - 1]!;
  if (fault !== undefined) host.inject(fault);
  return host;
}

/** Stages tmux, reboots, and logs in again. */
async function layerAndReboot(
  host: SimHost,
): Promise<{ readonly old: string; readonly staged: string; readonly said: string }> {
  const session = await login(fleet, host);
  await session.run('sudo rpm-ostree install -y tmux');
  const [staged, old] = host.state.sysroot.deployments;
  await session.run('sudo systemctl reboot');
  await session.closed;
  const again = await loginAgain(fleet, host);
  const { out } = await again.run(
    'rpm-ostree status | grep -A1 Warning; systemctl is-failed ostree-boot-complete; journalctl -q -b -1 -u ostree-finalize-staged -o cat -p err; systemctl list-units --state=failed --plain --no-legend | cut -d " " -f 1',
  );
  again.end();
  return { old: idOf(old!), staged: idOf(staged!), said: out };
}

describe('on the way in', () => {
  test('refuse: nothing listens, from the start or from now on, until it is cleared', async () => {
    const [fromStart, later] = [fleet.host('edge30'), freshHost()];

    await expect(login(fleet, fromStart)).rejects.toThrow('ECONNREFUSED');
    later.inject({ fault: 'refuse' });
    await expect(login(fleet, later)).rejects.toThrow('ECONNREFUSED');
    later.clear('refuse');
    fromStart.clear();

    expect((await once(fleet, later, 'echo in')).out).toBe('in\n');
    expect((await once(fleet, fromStart, 'echo in')).out).toBe('in\n');
  });

  test('silent: the connection is taken, and not a word is said', async () => {
    const host = freshHost({ fault: 'silent' });

    await expect(login(fleet, host, { readyTimeout: 150 })).rejects.toThrow('Timed out');
    expect([host.counts.connections, host.counts.logins]).toEqual([1, 0]);
  });

  test('auth-refused: no key is good enough', async () => {
    await expect(login(fleet, freshHost({ fault: 'auth-refused' }))).rejects.toThrow('authentication methods failed');
  });

  test('host-key-changed: another key than before', async () => {
    const host = freshHost();
    const before = await login(fleet, host);
    host.inject({ fault: 'host-key-changed' });
    const after = await login(fleet, host);
    before.end();
    after.end();

    expect(after.hostKey()).not.toBe(before.hostKey());
  });
});

describe('while commands run', () => {
  test('hang: a command is taken and never answered', async () => {
    const host = freshHost({ fault: 'hang' });
    const session = await login(fleet, host);

    const answer = await Promise.race([
      session.run('touch /tmp/ran'),
      new Promise((resolve) => setTimeout(() => resolve('nothing'), 150)),
    ]);
    session.end();
    host.clear();

    expect(answer).toBe('nothing');
    expect((await once(fleet, host, 'ls /tmp/ran')).code).toBe(2);
  });

  test('drop: the connection is cut in the middle of the second command, which goes on', async () => {
    const host = freshHost({ fault: 'drop', after: 2 });
    const session = await login(fleet, host);

    const first = await session.run('echo one');
    const second = session.run('sleep 0.1; touch /tmp/ran');
    await session.closed;
    await new Promise((resolve) => setTimeout(resolve, 200));
    const after = await once(fleet, host, 'ls /tmp/ran');

    expect(first.out).toBe('one\n');
    expect((await second).code).toBe(null);
    expect(after.out).toBe('/tmp/ran\n');
  });

  test('drop: what a long-lived shell is given counts as well', async () => {
    const host = freshHost({ fault: 'drop', after: 3 });
    const session = await login(fleet, host);
    const shell = 'while IFS= read -r line; do eval "$line"; done; echo not reached';

    const said = await session.run(shell, 'echo one\necho two\necho three\nsleep 5\n');

    expect([said.code, said.out.startsWith('one\ntwo\n'), said.out.includes('not reached')]).toEqual([
      null,
      true,
      false,
    ]);
  });

  test('slow: an answer comes after a wait that is shorter than the delay', async () => {
    const host = freshHost({ fault: 'slow', ms: 300 });
    const session = await login(fleet, host);
    const order: string[] = [];

    await Promise.all([
      session.run('true').then(() => order.push('answer')),
      new Promise((resolve) => setTimeout(resolve, 50)).then(() => order.push('wait')),
    ]);
    session.end();

    expect(order).toEqual(['wait', 'answer']);
  });

  test('disk-full: no file grows, the disk says so, and nothing is staged', async () => {
    const host = freshHost({ fault: 'disk-full' });
    const said = await once(
      fleet,
      host,
      'echo hello | cat >/etc/x; echo $?; df -P /var | tail -n 1; sudo rpm-ostree install -y tmux',
    );

    expect(said.err).toContain('No space left on device');
    expect(said.out).toContain('1\n/dev/vda4 41943040 41943040 0 100% /var\n');
    expect([said.code, host.state.sysroot.deployments.length]).toEqual([1, 2]);
  });

  test('package-missing: the repositories do not have it', async () => {
    const said = await once(
      fleet,
      freshHost({ fault: 'package-missing', name: 'tmux' }),
      'sudo rpm-ostree install -y tmux htop',
    );

    expect([said.code, said.err]).toEqual([1, 'error: Packages not found: tmux\n']);
  });

  test('daemon-crash: the next transaction ends in the middle, the one after it succeeds', async () => {
    const host = freshHost({ fault: 'daemon-crash' });

    const crashed = await once(fleet, host, 'sudo rpm-ostree install -y tmux');
    const again = await once(fleet, host, 'sudo rpm-ostree install -y tmux');

    expect([crashed.code, again.code]).toEqual([1, 0]);
    expect(crashed.err).toContain('error: Bus owner changed, aborting.');
  });

  test('busy: from the start of the fleet too', async () => {
    const other = await startFleet({ hosts: 1, timing: QUICK, faults: { edge01: [{ fault: 'busy', ms: 5000 }] } });

    const said = await once(other, other.host('edge01'), 'sudo rpm-ostree cleanup -p');
    await other.stop();

    expect(said.err).toContain('Transaction in progress: upgrade ');
  });
});

describe('at a reboot', () => {
  test('boots-old: the staged deployment is lost, and the host tells why', async () => {
    const host = freshHost({ fault: 'boots-old', cause: 'no-space' });

    const { old, staged, said } = await layerAndReboot(host);

    expect(host.state.sysroot.bootedId).toBe(old);
    expect(host.state.sysroot.deployments.map(idOf)).not.toContain(staged);
    expect(said).toBe(
      'Warning: failed to finalize previous deployment\n         error: Installing kernel: regfile copy: No space left on device\nfailed\nerror: Installing kernel: regfile copy: No space left on device\nostree-boot-complete.service\n',
    );
  });

  test('falls-back: the new deployment is still there, behind the old one', async () => {
    const host = freshHost({ fault: 'falls-back' });

    const { old, staged } = await layerAndReboot(host);

    expect(host.state.sysroot.bootedId).toBe(old);
    expect(host.state.sysroot.deployments.map(idOf)).toEqual([old, staged]);
  });

  test('power-cut: the staged deployment is lost without a word', async () => {
    const host = freshHost({ fault: 'power-cut' });

    const { old, staged, said } = await layerAndReboot(host);

    expect(host.state.sysroot.bootedId).toBe(old);
    expect(host.state.sysroot.deployments.map(idOf)).not.toContain(staged);
    expect(said).toBe('inactive\n');
  });

  test('unhealthy: a unit fails at the boot, and boot-complete.target is not reached', async () => {
    const host = freshHost({ fault: 'unhealthy', unit: 'chronyd.service' });

    const { staged, said } = await layerAndReboot(host);

    expect(host.state.sysroot.bootedId).toBe(staged);
    expect(said).toBe('inactive\nchronyd.service\n');
    expect((await once(fleet, host, 'systemctl is-active boot-complete.target')).code).toBe(3);
  });

  test('ignores-reboot: yes, and nothing happens', async () => {
    const host = freshHost({ fault: 'ignores-reboot' });
    const before = host.state.bootId;

    const said = await once(fleet, host, 'sudo systemctl reboot; sleep 0.2');

    expect([said.code, host.state.bootId, host.counts.reboots]).toEqual([0, before, 1]);
  });

  test('reboot-blocked: an inhibitor lock refuses', async () => {
    const host = freshHost({ fault: 'reboot-blocked' });

    const said = await once(fleet, host, 'sudo systemctl reboot');

    expect([said.code, host.counts.reboots]).toEqual([1, 0]);
    expect(said.err).toContain('Operation inhibited by "backup"');
  });

  test('never-returns: it stays away', async () => {
    const host = freshHost({ fault: 'never-returns' });
    const session = await login(fleet, host);
    await session.run('sudo systemctl reboot');
    await session.closed;
    await new Promise((resolve) => setTimeout(resolve, 300));

    await expect(login(fleet, host)).rejects.toThrow('ECONNREFUSED');
    expect(host.state.up).toBe(false);
  });

  test('everything that ran is ended, also behind setsid and systemd-run, and /run is empty', async () => {
    const host = freshHost();
    const session = await login(fleet, host);
    const { out } = await session.run(
      "setsid sh -c 'echo $$; exec sleep 60' & sleep 0.1; sudo systemd-run -q -u long sleep 60; systemctl show --value -p MainPID long; touch /run/x; sleep 0.1; sudo systemctl reboot; sleep 60",
    );
    await session.closed;
    const again = await loginAgain(fleet, host);

    const after = await again.run('ls /run/x; systemctl is-active long');
    again.end();

    expect(out).toMatch(/^\d+\n\d+\n$/);
    expect(after.out).toBe('inactive\n');
    expect(out.trim().split('\n').map(isAlive)).toEqual([false, false]);
  });
});

/** A process that was ended and that nobody has waited for is not alive. */
function isAlive(pid: string): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

describe('a fault on a command line', () => {
  test.each<readonly [string, Fault]>([
    ['boots-old', { fault: 'boots-old', cause: 'no-space' }],
    ['boots-old:etc-merge', { fault: 'boots-old', cause: 'etc-merge' }],
    ['slow:1s', { fault: 'slow', ms: 1000 }],
    ['busy', { fault: 'busy', ms: 30_000 }],
    ['drop:3', { fault: 'drop', after: 3 }],
    ['package-missing:jq', { fault: 'package-missing', name: 'jq' }],
    ['refuse', { fault: 'refuse' }],
  ])('%s', (text, fault) => {
    expect(parseFault(text)).toEqual(fault);
  });

  test.each([
    ['boots-olt', 'fault "boots-olt": no such fault', 'did you mean "boots-old"?'],
    ['slow:fast', 'fault "slow:fast": "fast" is no duration', 'write it as 200ms, 30s or 2m'],
    ['drop:0', 'fault "drop:0": "0" is no number of commands', 'write drop:1 for the next command'],
    ['refuse:now', 'fault "refuse:now": "refuse" takes no value', 'write "refuse"'],
    ['boots-old:x', 'fault "boots-old:x": "x" is no cause', 'write boots-old:no-space or boots-old:etc-merge'],
  ])('%s is wrong', (text, message, hint) => {
    expect(() => parseFault(text)).toThrow(new Problems([{ code: 'E_USAGE', message, hint }]));
  });

  test('is described where one looks it up', () => {
    const text = readFileSync(new URL('../../docs/sim.md', import.meta.url), 'utf8');

    expect(Object.keys(FAULTS).filter((name) => !new RegExp(`^\\| \`${name}[\`:]`, 'm').test(text))).toEqual([]);
  });

  test('can be every fault there is', () => {
    expect(Object.keys(FAULTS).map((name) => parseFault(name).fault)).toEqual(Object.keys(FAULTS));
  });
});
