import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync, chmodSync, cpSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseDeployments } from '../../src/facts/deployments.ts';
import { startFleet } from '../../src/sim/fleet.ts';
import { commitOf } from '../../src/sim/model/repo.ts';
import { etcDifference } from '../../src/sim/stand-ins/etc-diff.ts';
import type { Fleet } from '../../src/sim/types.ts';
import { login, loginAgain, once, QUICK } from './client.ts';

const REF = 'fedora-iot:fedora/stable/x86_64/iot';
const [OLD, NOW, NEW] = ['42.20260803.0', '42.20260907.0', '42.20261012.0'].map(
  (version) => commitOf(REF, version).checksum,
);
const ADD = 'ostree remote add --no-gpg-verify --set=http2=false fleet https://images.example.org/repo os/a os/b';
const PULL = 'ostree pull fedora-iot fedora/stable/x86_64/iot';

/** Commands as root, each on a host of its own; the shapes are those that ostree 2022.7 printed for the like of it. */
const TABLE: readonly (readonly [before: string, command: string, code: number, out: string, err: string])[] = [
  ['', `ostree rev-parse ${REF}; ostree rev-parse ${REF}^; ostree rev-parse ${OLD}`, 0, `${NOW}\n${OLD}\n${OLD}\n`, ''],
  ['', 'ostree rev-parse lab:no', 1, '', "error: Refspec 'lab:no' not found\n"],
  ['', 'ostree refs', 0, `${REF}\nostree/1/1/0\nostree/1/1/1\n`, ''],
  ['', 'ostree refs --list --revision fedora-iot', 0, `${REF}\t${NOW}\n`, ''],
  [PULL, `ostree rev-parse ${REF}`, 0, `${NEW}\n`, ''],
  [PULL, `ostree log ${REF} | grep ^commit`, 0, `commit ${NEW}\ncommit ${NOW}\ncommit ${OLD}\n`, ''],
  [
    `${PULL}; ostree admin deploy ${REF}`,
    `ostree log ${NEW} | tail -n 3`,
    0,
    '(no subject)\n\n<< History beyond this commit not fetched >>\n',
    '',
  ],
  ['', `ostree show --print-metadata-key=version ${REF}`, 0, "'42.20260907.0'\n", ''],
  ['', 'ostree fsck --quiet', 0, 'object fsck of 2 commits completed successfully - no errors found.\n', ''],
  ['', 'ostree refs --repo=/nono', 1, '', 'error: opening repo: opendir(/nono): No such file or directory\n'],
  ['', 'ostree pull nono os/x', 1, '', 'error: Remote "nono" not found\n'],
  ['', 'ostree pull fedora-iot', 1, '', 'error: No configured branches for remote fedora-iot\n'],
  ['', 'ostree pull fedora-iot no-such', 1, '', "error: No such branch 'no-such' in repository summary\n"],
  [`${PULL}@${OLD}`, `ostree rev-parse ${REF}`, 0, `${OLD}\n`, ''],
  ['', `${PULL}@${OLD} --timestamp-check 2>&1 | grep -c "${OLD}' with .* is chronologically older than"`, 0, '1\n', ''],
  [
    ADD,
    'ostree remote list -u',
    0,
    'fedora-iot  https://ostree.fedoraproject.org/iot\nfleet  https://images.example.org/repo\n',
    '',
  ],
  [
    ADD,
    'cat /etc/ostree/remotes.d/fleet.conf; ostree remote show-url fleet',
    0,
    '[remote "fleet"]\nurl=https://images.example.org/repo\nbranches=os/a;os/b;\nhttp2=false\ngpg-verify=false\nhttps://images.example.org/repo\n',
    '',
  ],
  [ADD, 'ostree pull fleet >/dev/null && ostree refs fleet', 0, 'fleet:os/a\nfleet:os/b\n', ''],
  [ADD, 'ostree remote refs fleet', 0, 'fleet:os/a\nfleet:os/b\n', ''],
  [ADD, ADD, 1, '', 'error: Remote configuration for "fleet" already exists: etc/ostree/remotes.d/fleet.conf\n'],
  [ADD, 'ostree remote delete fleet; ostree remote list', 0, 'fedora-iot\n', ''],
  ['', 'ostree remote delete nono', 1, '', 'error: Remote "nono" not found\n'],
  ['', 'ostree remote delete --if-exists nono', 0, '', ''],
  [
    '',
    'ostree config get core.mode; ostree config --group=core set mode bare-user; ostree config get core.mode',
    0,
    'bare\nbare-user\n',
    '',
  ],
  [
    '',
    'ostree config --group=sysroot unset readonly; ostree config get sysroot.readonly',
    1,
    '',
    'error: Key file does not have key “readonly” in group “sysroot”\n',
  ],
  ['', 'ostree admin deploy lab:no', 1, '', "error: Refspec 'lab:no' not found\n"],
  ['', 'ostree admin deploy', 1, '', 'error: REF/REV must be specified\n'],
  [
    '',
    `ostree admin deploy --karg-none --karg-append=a=1 --karg-append='x="1 2"' ${REF} >/dev/null; sed -n s/ostree=.*//p /boot/loader/entries/ostree-2-*`,
    0,
    'options a=1 x="1 2" \n',
    '',
  ],
  [
    '',
    'ostree admin pin 1; ostree admin pin 1; ostree admin pin -u 1',
    0,
    'Deployment 1 is now pinned\nDeployment 1 is already pinned\nDeployment 1 is now unpinned\n',
    '',
  ],
  ['', 'ostree admin pin 9', 1, '', 'error: Out of range deployment index 9, expected < 2\n'],
  ['', 'ostree admin pin', 1, '', 'error: INDEX must be specified\n'],
  [
    'ostree admin pin 1',
    `cat /ostree/deploy/*/deploy/${OLD}.0.origin`,
    0,
    `[origin]\nrefspec=${REF}\n\n[libostree-transient]\npinned=true\n`,
    '',
  ],
  ['', 'ostree admin undeploy 1 | tail -n 1', 0, `Deleted deployment ${OLD}.0\n`, ''],
  ['', 'ostree admin undeploy 0', 1, '', 'error: Cannot undeploy currently booted deployment 0\n'],
  [
    'ostree admin unlock',
    'ls /run/ostree/deployment-state/*; ostree admin unlock',
    1,
    'unlocked-development\n',
    'error: Deployment is already in unlocked state: development\n',
  ],
  [
    'ostree admin unlock --hotfix',
    `cat /ostree/deploy/*/deploy/${NOW}.0.origin`,
    0,
    `[origin]\nrefspec=${REF}\nunlocked=hotfix\n`,
    '',
  ],
  ['', 'ostree admin lock-finalization', 1, '', 'error: No staged deployment\n'],
  [
    '',
    'su -s /bin/sh -c "ostree admin undeploy 1" nobody',
    1,
    '',
    'error: Remounting /sysroot read-write: Permission denied\n',
  ],
  [
    '',
    'ostree admin frobnicate 2>&1 | tail -n 1',
    0,
    'error: the simulated ostree admin does not know "frobnicate"\n',
    '',
  ],
  [
    '',
    'readlink -f "/sysroot$(sed "s/.*ostree=//" /proc/cmdline)"',
    0,
    `/sysroot/ostree/deploy/fedora-iot/deploy/${NOW}.0\n`,
    '',
  ],
];

let fleet: Fleet;
beforeAll(async () => {
  const hosts = TABLE.map((_, index) => ({ name: `edge${index + 1}` }));
  fleet = await startFleet({
    hosts: [
      ...hosts,
      { name: 'both' },
      { name: 'plain', isPlainOstree: true },
      { name: 'image', image: 'quay.io/os:1' },
    ],
    user: 'root',
    timing: QUICK,
  });
});
afterAll(async () => {
  await fleet.stop();
});

describe('the modelled ostree', () => {
  test.each(TABLE.map((row, index) => [...row, index] as const))(
    'after "%s": %s',
    async (before, command, code, out, err, index) => {
      const host = fleet.hosts[index]!;
      if (before !== '') expect(await once(fleet, host, before)).toMatchObject({ code: 0 });

      const said = await once(fleet, host, command);

      expect({ ...said, err: said.err.split('\n').slice(-2).join('\n') }).toEqual({ code, out, err });
    },
  );
});

/** What may happen to a host, by any of its tools. */
const ACTS = [
  'ostree admin pin booted',
  `${PULL} && ostree admin deploy --lock-finalization ${REF}`,
  'ostree admin lock-finalization -u',
  'rpm-ostree kargs --append=lab.a=1',
  `ostree admin deploy --stage --retain ${OLD}`,
  'REBOOT',
  'rpm-ostree rollback',
  'ostree admin undeploy rollback',
  'rpm-ostree upgrade --lock-finalization',
  'ostree admin set-default 1',
  'REBOOT',
  'ostree admin unlock --hotfix',
] as const;

test('rpm-ostree and ostree tell the same of a host, whoever of them changed it', async () => {
  const host = fleet.host('both');
  for (const act of ACTS) {
    if (act === 'REBOOT') {
      await once(fleet, host, 'systemctl reboot');
      await expect.poll(() => host.state.up).toBe(false);
      (await loginAgain(fleet, host)).end();
    } else expect(await once(fleet, host, act), act).toMatchObject({ code: 0 });

    const session = await login(fleet, host);
    const [json, told, text] = await Promise.all(
      ['rpm-ostree status --json', 'ostree admin status --json', 'ostree admin status'].map(async (command) => {
        const { deployments } = parseDeployments((await session.run(command)).out);
        return deployments.map(({ id, version, origin, booted, staged, locked, pinned }) => {
          return { id, version, origin, booted, staged, locked, pinned };
        });
      }),
    );
    session.end();

    expect(told, act).toEqual(json);
    expect(text, act).toEqual(json);
  }
});

test('a host of libostree alone has no other tool, and one of a container image no remote', async () => {
  expect(await once(fleet, fleet.host('plain'), 'command -v rpm-ostree bootc; command -v ostree')).toMatchObject({
    out: '/usr/bin/ostree\n',
  });
  expect(
    await once(fleet, fleet.host('image'), 'ostree remote list; ostree refs; cat /ostree/deploy/*/deploy/*.origin'),
  ).toMatchObject({
    out: 'ostree/1/1/0\nostree/1/1/1\n[origin]\ncontainer-image-reference=ostree-unverified-registry:quay.io/os:1\n[origin]\ncontainer-image-reference=ostree-unverified-registry:quay.io/os:1\n',
  });
});

test('while ostree works on the deployments rpm-ostree is refused, and the other way round ostree waits', async () => {
  const slow = await startFleet({ hosts: 1, user: 'root', timing: { ...QUICK, transaction: 1500 } });
  try {
    const [host] = slow.hosts;
    if (host === undefined) throw new Error('a host is missing');
    const beside = `ostree admin deploy --stage ${REF} & while kill -0 $! 2>/dev/null; do rpm-ostree cleanup -m; done; wait $!`;

    const said = await once(slow, host, beside);
    expect([said.code, new Set(said.err.trim().split('\n'))]).toEqual([
      0,
      new Set(['error: System transaction in progress']),
    ]);

    host.inject({ fault: 'busy', ms: 300 });
    const waited = await once(slow, host, 'ostree admin undeploy 0');
    expect(waited.out).toMatch(/^Waiting for sysroot lock...\n[^]*Deleted deployment/);
  } finally {
    await slow.stop();
  }
});

test('drift of /etc is told path by path as the real tool tells it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'copse-etc-'));
  try {
    const [image, now] = [join(folder, 'image'), join(folder, 'now')];
    mkdirSync(join(image, 'gone/sub'), { recursive: true });
    mkdirSync(join(image, 'ssh'));
    for (const name of ['gone/sub/f', 'hosts', 'motd', 'os-release', 'same']) writeFileSync(join(image, name), 'x\n');
    symlinkSync('/x', join(image, 'lnk'));
    cpSync(image, now, { recursive: true, verbatimSymlinks: true });
    writeFileSync(join(now, 'hosts'), 'new\n');
    for (const name of ['gone', 'lnk', 'os-release']) rmSync(join(now, name), { recursive: true });
    symlinkSync('/y', join(now, 'lnk'));
    mkdirSync(join(now, 'os-release'));
    mkdirSync(join(now, 'add/sub'), { recursive: true });
    for (const name of ['add/sub/f', 'zz']) writeFileSync(join(now, name), '1\n');
    chmodSync(join(now, 'motd'), 0o600);
    utimesSync(join(now, 'same'), 1, 1);

    expect(etcDifference(image, now)).toBe(
      ['M hosts', 'M lnk', 'M motd', 'M os-release', 'D gone', 'A add', 'A add/sub', 'A add/sub/f', 'A zz']
        .map((line) => `${line.replace(' ', '    ')}\n`)
        .join(''),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
