import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFleet } from '../../src/sim/fleet.ts';
import { idOf } from '../../src/sim/model/deployment.ts';
import type { Fleet, SimHost } from '../../src/sim/types.ts';
import { login, loginAgain, once, QUICK, type Login } from './client.ts';

let fleet: Fleet;
let next = 0;
beforeAll(async () => {
  fleet = await startFleet({ hosts: 60, user: 'root', timing: QUICK });
});
afterAll(async () => {
  await fleet.stop();
});

/** A host nobody has used. */
function freshHost(): SimHost {
  next += 1;
  return fleet.hosts[next - 1]!;
}

async function status(
  session: Login,
): Promise<{ readonly deployments: readonly Record<string, unknown>[]; readonly transaction: unknown }> {
  return JSON.parse((await session.run('rpm-ostree status --json')).out);
}

/** Commands on a fresh host each: what comes before, the command, its exit code, and a part of what it says. */
const TABLE: readonly (readonly [
  before: string,
  command: string,
  code: number,
  says: Partial<Record<'out' | 'err', string>>,
])[] = [
  [
    '',
    'rpm-ostree install tmux',
    0,
    { out: 'Changes queued for next boot. Run "systemctl reboot" to start a reboot\n' },
  ],
  ['', 'rpm-ostree install nosuch other', 1, { err: 'error: Packages not found: nosuch, other\n' }],
  [
    '',
    'rpm-ostree install zstd',
    1,
    {
      err: 'error: "zstd" is already provided by: zstd-1.5.7-1.fc42.x86_64. Use --allow-inactive to explicitly require it.\n',
    },
  ],
  [
    '',
    'rpm-ostree install --allow-inactive zstd',
    0,
    { out: 'Inactive requests:\n  zstd (already provided by zstd-1.5.7-1.fc42.x86_64)\n' },
  ],
  [
    'rpm-ostree install tmux',
    'rpm-ostree install tmux',
    1,
    { err: "error: Package/capability 'tmux' is already requested\n" },
  ],
  ['rpm-ostree install tmux', 'rpm-ostree install --idempotent --unchanged-exit-77 tmux', 77, { out: 'No change.\n' }],
  ['rpm-ostree install tmux', 'rpm-ostree install --idempotent tmux', 0, { out: 'No change.\n' }],
  [
    'rpm-ostree install tmux',
    'rpm-ostree install --idempotent vim',
    0,
    { out: 'Added:\n  vim-common-9.1.1275-1.fc42.x86_64\n' },
  ],
  ['', 'rpm-ostree install -n tmux', 0, { out: "Exiting because of '--dry-run' option\n" }],
  ['', 'rpm-ostree uninstall tmux', 1, { err: "error: Package/capability 'tmux' is not currently requested\n" }],
  ['rpm-ostree install tmux', 'rpm-ostree uninstall tmux', 0, { out: 'Removed:\n  tmux-3.5a-1.fc42.x86_64\n' }],
  ['', 'rpm-ostree cleanup', 1, { err: 'error: cleanup: At least one cleanup option must be specified\n' }],
  ['', 'rpm-ostree cleanup -p', 0, { out: 'Deployments unchanged.\n' }],
  ['', 'rpm-ostree cancel', 0, { out: 'No active transaction.\n' }],
  ['', 'rpm-ostree rollback', 0, { out: 'to be first deployment\n' }],
  ['rpm-ostree install tmux', 'rpm-ostree rollback', 1, { err: 'error: Staged deployment (remove with cleanup -p)\n' }],
  [
    '',
    'rpm-ostree finalize-deployment --allow-missing-checksum',
    1,
    { err: 'error: No pending staged deployment found\n' },
  ],
  [
    'rpm-ostree install tmux',
    'rpm-ostree finalize-deployment --allow-missing-checksum',
    1,
    { err: 'error: Staged deployment already unlocked\n' },
  ],
  ['', 'rpm-ostree kargs --append-if-missing=quiet', 0, { out: 'Changes queued for next boot.' }],
  ['', 'rpm-ostree kargs --append-if-missing=rw --unchanged-exit-77', 77, { out: 'No changes.\n' }],
  ['', 'rpm-ostree kargs --delete=nosuch', 1, { err: "error: No key 'nosuch' found\n" }],
  [
    'rpm-ostree kargs --append=console=ttyS0',
    'rpm-ostree kargs --delete=console',
    1,
    { err: "error: Multiple values for key 'console' found\n" },
  ],
  ['', 'rpm-ostree upgrade --check', 0, { out: 'Version: 42.20261012.0\n' }],
  ['rpm-ostree upgrade', 'rpm-ostree upgrade --check', 0, { out: 'AvailableUpdate:\n' }],
  ['rpm-ostree upgrade', 'rpm-ostree upgrade --unchanged-exit-77', 77, { out: 'No upgrade available.\n' }],
  ['', 'rpm-ostree deploy 42.20260803.0 --disallow-downgrade', 1, { err: 'chronologically older' }],
  ['', 'rpm-ostree deploy 41.1', 1, { err: 'error: Version 41.1 not found in fedora-iot:fedora/stable/x86_64/iot\n' }],
  [
    '',
    'rpm-ostree rebase fedora-iot:fedora/stable/x86_64/iot',
    1,
    { err: 'error: Old and new refs are equal: fedora-iot:fedora/stable/x86_64/iot\n' },
  ],
  ['', 'rpm-ostree apply-live', 1, { err: 'error: No target commit specified and no pending deployment\n' }],
  ['', 'rpm-ostree apply-live --nosuch', 2, { err: "Found argument '--nosuch'" }],
  [
    'rpm-ostree upgrade',
    'rpm-ostree apply-live',
    1,
    { err: 'error: packages would be changed: 2, allow replacement to override\n' },
  ],
  ['', 'rpm-ostree install -A tmux && tmux -V', 0, { out: 'tmux 3.5a\n' }],
  ['rpm-ostree install tmux', 'rpm-ostree status --pending-exit-77 --json', 77, {}],
  ['', 'rpm-ostree nosuch', 1, { err: "error: Unknown command 'nosuch'\n" }],
];

describe('rpm-ostree', () => {
  test.each(TABLE)('after "%s", "%s" ends with %i', async (before, command, code, says) => {
    const session = await login(fleet, freshHost());
    if (before !== '') expect((await session.run(before)).code).toBe(0);

    const said = await session.run(command);
    session.end();

    expect(said.code).toBe(code);
    for (const [stream, text] of Object.entries(says)) expect(said[stream as 'out' | 'err']).toContain(text);
  });

  test('refuses those who are not root, but tells them the status', async () => {
    const others = await startFleet({ hosts: 1, timing: QUICK });
    const [host] = others.hosts;

    const refused = await once(others, host!, 'rpm-ostree install tmux');
    const told = await once(others, host!, 'rpm-ostree status --json');
    await others.stop();

    expect([refused.code, refused.err]).toEqual([1, 'error: rpmostreed OS operation PkgChange not allowed for user\n']);
    expect(told.code).toBe(0);
  });
});

describe('an update driver', () => {
  test('keeps others from upgrading while its unit runs, but not from layering', async () => {
    const driven = await startFleet({ hosts: [{ name: 'fcos', driver: 'zincati' }], user: 'root', timing: QUICK });
    const session = await login(driven, driven.host('fcos'));

    const refused = await session.run('rpm-ostree upgrade');
    const layered = await session.run('rpm-ostree install -y tmux');
    const bypassed = await session.run('rpm-ostree upgrade --bypass-driver');
    const stopped = await session.run('systemctl stop zincati; rpm-ostree upgrade --unchanged-exit-77');
    const document = JSON.parse((await session.run('rpm-ostree status --json')).out);
    session.end();
    await driven.stop();

    expect(refused.err).toContain('error: Updates and deployments are driven by Zincati (zincati.service)\n');
    expect([refused.code, layered.code, bypassed.code, stopped.code]).toEqual([1, 0, 0, 77]);
    expect(document['update-driver']).toEqual({ 'driver-name': 'Zincati', 'driver-sd-unit': 'zincati.service' });
  });
});

describe('a transaction', () => {
  let slowFleet: Fleet;
  beforeAll(async () => {
    slowFleet = await startFleet({ hosts: 2, user: 'root', timing: { ...QUICK, transaction: 2000 } });
  });
  afterAll(async () => {
    await slowFleet.stop();
  });

  /** The transaction of a host runs, or is over. */
  async function until(running: boolean, host: SimHost): Promise<void> {
    while ((host.state.transaction !== undefined) !== running) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  test('goes on without its client, keeps others out, and lets the same command join', async () => {
    const host = slowFleet.hosts[0]!;
    const session = await login(slowFleet, host);
    host.inject({ fault: 'busy', ms: 1500 });

    const busy = await session.run('rpm-ostree install tmux');
    const seen = await status(session);
    await until(false, host);
    const [first, second] = await Promise.all([
      session.run('rpm-ostree install -y htop'),
      until(true, host).then(() => session.run('rpm-ostree install -y htop')),
    ]);
    session.end();

    expect(busy).toEqual({
      code: 1,
      out: '',
      err: 'error: Transaction in progress: upgrade \n You can cancel the current transaction with `rpm-ostree cancel`\n',
    });
    expect(seen.transaction).toEqual([
      'UpdateDeployment',
      expect.stringMatching(/^:1\.\d+$/),
      '/org/projectatomic/rpmostree1/fedora_iot',
    ]);
    expect([first.code, second.code]).toEqual([0, 0]);
    expect(second.out).toContain('Attaching to existing transaction: install -y htop \n');
    expect(host.counts.transactions).toBe(2);
  });

  test('ends when it is cancelled, and nothing is staged', async () => {
    const host = freshHost();
    const session = await login(fleet, host);
    host.inject({ fault: 'busy', ms: 60_000 });

    const cancelled = await session.run('rpm-ostree cancel; rpm-ostree status --json | grep transaction');
    session.end();

    expect(cancelled.out).toContain('Cancelling transaction: upgrade \nCancelled.\n  "transaction": null');
  });

  test('survives a client that is killed', async () => {
    const host = slowFleet.hosts[1]!;

    const begun = `while rpm-ostree status --json | grep -q '"transaction": null'; do :; done`;
    await once(slowFleet, host, `rpm-ostree install -y tmux >/dev/null 2>&1 & ${begun}; kill -9 $!`);
    await until(false, host);

    expect(host.state.sysroot.deployments[0]).toMatchObject({ staged: true, origin: { requested: ['tmux'] } });
  });
});

describe('the boot order', () => {
  test('of kernel arguments: same checksum, next serial; applied by the reboot', async () => {
    const host = freshHost();
    const session = await login(fleet, host);
    const [before] = host.state.sysroot.deployments;

    await session.run('rpm-ostree kargs --append=quiet && systemctl reboot');
    await session.closed;
    const again = await loginAgain(fleet, host);
    const cmdline = await again.run('cat /proc/cmdline');
    again.end();

    expect(host.state.sysroot.bootedId).toBe(`fedora-iot-${before!.checksum}.1`);
    expect(cmdline.out).toContain(' quiet ');
    expect(host.state.sysroot.deployments.map(idOf)).toEqual([`fedora-iot-${before!.checksum}.1`, idOf(before!)]);
  });

  test('of a locked stage: not applied by a reboot, applied by its commit point', async () => {
    const [plain, committed] = [freshHost(), freshHost()];
    const stage = 'rpm-ostree install -y tmux --lock-finalization; rpm-ostree status --json';
    const results: boolean[] = [];

    for (const [host, go] of [
      [plain, 'systemctl reboot'],
      [committed, 'rpm-ostree finalize-deployment --allow-missing-checksum'],
    ] as const) {
      const session = await login(fleet, host);
      expect((await session.run(stage)).out).toContain('"finalization-locked": true');
      await session.run(go);
      await session.closed;
      (await loginAgain(fleet, host)).end();
      results.push(host.state.sysroot.deployments.some(({ origin }) => origin.requested.includes('tmux')));
    }

    expect(results).toEqual([false, true]);
  });

  test('of a rollback: the old one boots, with its own /etc, and twice is back again', async () => {
    const host = freshHost();
    let session = await login(fleet, host);
    await session.run(
      'rpm-ostree install -y tmux; echo before >/etc/marker; chown nobody /etc/marker; systemctl reboot',
    );
    await session.closed;
    session = await loginAgain(fleet, host);
    const carried = await session.run('cat /etc/marker; stat -c %U /etc/marker; echo after >/etc/marker');

    await session.run('rpm-ostree rollback; systemctl reboot');
    await session.closed;
    session = await loginAgain(fleet, host);
    const old = await session.run('cat /etc/marker; command -v tmux');
    session.end();

    expect(carried.out).toBe('before\nnobody\n');
    expect(old.out).toBe('before\n');
    expect(host.state.sysroot.deployments.map((one) => one.origin.requested)).toEqual([[], ['tmux']]);
  });

  test('has the folders of its deployments, with a package database each', async () => {
    const host = freshHost();

    const { out } = await once(
      fleet,
      host,
      `rpm-ostree install -y tmux >/dev/null
      for db in /ostree/deploy/*/deploy/*.[0-9]*/usr/share/rpm; do rpm --dbpath "$db" -q --qf '%{NAME}-%{VERSION}\\n' tmux; done | sort`,
    );

    expect(out).toBe('package tmux is not installed\npackage tmux is not installed\ntmux-3.5a\n');
  });
});

describe('the documents', () => {
  test('status tells layered packages, base and requests apart', async () => {
    const session = await login(fleet, freshHost());
    await session.run('rpm-ostree install -y --allow-inactive tmux vi');

    const { deployments } = await status(session);
    session.end();

    expect(
      deployments.map(({ booted, staged, packages, 'requested-packages': requested }) => ({
        booted,
        staged,
        packages,
        requested,
      })),
    ).toEqual([
      { booted: false, staged: true, packages: ['tmux'], requested: ['tmux', 'vi'] },
      { booted: true, staged: false, packages: [], requested: [] },
      { booted: false, staged: false, packages: [], requested: [] },
    ]);
    expect(deployments[0]!['base-checksum']).toBe(deployments[1]!['checksum']);
    expect(deployments[1]).not.toHaveProperty('base-checksum');
  });

  test('db diff lists what an upgrade changes, as JSON only with a revision', async () => {
    const session = await login(fleet, freshHost());
    await session.run('rpm-ostree upgrade');
    const { deployments } = await status(session);

    const json = await session.run(
      `rpm-ostree db diff --format=json ${String(deployments[1]!['checksum'])} ${String(deployments[0]!['checksum'])}`,
    );
    const text = await session.run('rpm-ostree db diff --format=json');
    session.end();

    expect(JSON.parse(json.out).pkgdiff).toEqual([
      [
        'openssl',
        2,
        { PreviousPackage: ['openssl', '3.2.4-1.fc42', 'x86_64'], NewPackage: ['openssl', '3.2.6-1.fc42', 'x86_64'] },
      ],
      [
        'podman',
        2,
        { PreviousPackage: ['podman', '5.4.2-1.fc42', 'x86_64'], NewPackage: ['podman', '5.5.0-1.fc42', 'x86_64'] },
      ],
    ]);
    expect(text.out).toBe('Upgraded:\n  openssl 3.2.4-1.fc42 -> 3.2.6-1.fc42\n  podman 5.4.2-1.fc42 -> 5.5.0-1.fc42\n');
  });

  test('bootc and ostree describe the same deployments', async () => {
    const session = await login(fleet, freshHost());
    await session.run('rpm-ostree install -y tmux; ostree admin pin booted');

    const bootc = JSON.parse((await session.run('bootc status --json --format-version=1')).out);
    const ostree = JSON.parse((await session.run('ostree admin status --json')).out);
    session.end();

    expect([bootc.status.type, bootc.status.staged.incompatible, bootc.status.booted.incompatible]).toEqual([
      null,
      true,
      false,
    ]);
    expect(
      ostree.deployments.map((one: Record<string, unknown>) => [
        one['staged'],
        one['booted'],
        one['rollback'],
        one['pinned'],
      ]),
    ).toEqual([
      [true, false, false, false],
      [false, true, false, true],
      [false, false, true, false],
    ]);
  });
});
