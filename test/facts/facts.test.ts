import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Facts } from '../../src/core/facts.ts';
import { problemsOf } from '../../src/core/problem.ts';
import { emptyFacts, factsQuestion, parseFacts } from '../../src/facts/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'copse-facts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function ask(
  shell: readonly string[],
  env: Record<string, string>,
): { stdout: string; stderr: string; status: number | null } {
  const [program = 'sh', ...before] = shell;
  const [, ...words] = factsQuestion().argv;
  return spawnSync(program, [...before, ...words], { encoding: 'utf8', env });
}

/** A stand-in for a tool: prints what it is told for arguments it is told of, and fails for all others. */
function tool(name: string, answers: Record<string, string>): void {
  const cases = Object.entries(answers).map(([words, text]) => `'${words}') cat <<'END'\n${text}\nEND\n;;`);
  writeFileSync(join(folder, name), `#!/bin/sh\ncase "$*" in\n${cases.join('\n')}\n*) exit 1;;\nesac\n`);
  chmodSync(join(folder, name), 0o755);
}

function withoutBusybox(): boolean {
  return spawnSync('busybox', ['true']).status !== 0;
}

function answer(sections: Record<string, string>, marker = 'copse-0123456789abcdef'): { stdout: string } {
  const parts = Object.entries({ ...sections, end: '' }).map(([name, text]) => `\n${marker} ${name}\n${text}\n`);
  return { stdout: parts.join('') };
}

describe('the script on this machine', () => {
  const facts = parseFacts(ask(['sh'], { ...process.env, LC_ALL: 'C.UTF-8' } as Record<string, string>));

  it('tells what this machine is', () => {
    expect(Facts.parse(facts)).toEqual(facts);
    expect(facts).toMatchObject({ hostname: hostname(), user: { name: userInfo().username, uid: userInfo().uid } });
    expect(facts.boot_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(facts.memory.total).toBeGreaterThan(2 ** 26);
    expect(facts.mounts.find((mount) => mount.path === '/')?.size).toBeGreaterThan(2 ** 20);
    expect(facts.cpus).toBeGreaterThan(0);
  });

  it.skipIf(withoutBusybox())('tells the same in the shell of busybox', () => {
    const same = parseFacts(ask(['busybox', 'sh'], { ...process.env, LC_ALL: 'C.UTF-8' } as Record<string, string>));

    const still = ({ os, kernel, devices, tools, boot_id: boot }: Facts): unknown => ({
      os,
      kernel,
      devices,
      tools,
      boot,
    });
    expect(still(same)).toEqual(still(facts));
  });

  it('needs none of the tools it would like to ask', () => {
    const said = ask(['/bin/sh'], { PATH: '/nowhere', HOME: '/root' });

    const found = parseFacts(said);

    expect({ status: said.status, boot: found.boot_id, tools: found.tools }).toEqual({
      status: 0,
      boot: facts.boot_id,
      tools: {},
    });
  });

  it('asks the tools of an image-based host', () => {
    const checksum = 'a'.repeat(64);
    const status = {
      deployments: [{ id: `fedora-${checksum}.0`, osname: 'fedora', checksum, booted: true }],
      transaction: null,
    };
    tool('rpm-ostree', {
      '--version': "rpm-ostree:\n Version: '2024.8'\n Git: 0123",
      'status --json': JSON.stringify(status, null, 1),
    });
    tool('bootc', { '--version': 'bootc 1.1.2' });
    tool('podman', { '--version': 'podman version 5.2.5' });
    tool('systemctl', {
      'show --property=Version --property=SystemState --property=NFailedUnits':
        'Version=256.7-1.fc41\nSystemState=degraded\nNFailedUnits=1',
      'list-units --state=failed --plain --no-legend --no-pager': 'app.service loaded failed failed The app',
    });

    const found = parseFacts(
      ask(['sh'], { ...process.env, PATH: `${folder}:${process.env['PATH']}` } as Record<string, string>),
    );

    expect(found.tools).toMatchObject({ 'rpm-ostree': '2024.8', bootc: '1.1.2', podman: '5.2.5' });
    expect(found.systemd).toEqual({ version: 256, state: 'degraded', failed_units: ['app.service'] });
    expect(found.ostree).toMatchObject({
      tool: 'rpm-ostree',
      pending: false,
      booted: { stateroot: 'fedora', checksum },
    });
    expect(found.os.image_based).toBe(true);
  });
});

describe('reading the answer', () => {
  it('reads each kind of line', () => {
    const facts = parseFacts(
      answer({
        tools:
          "lvm   LVM version:     2.03.26(2) (2024-08-23)   Library version\nrpm-ostree rpm-ostree:  Version: '2023.11'  Git: 7",
        os: 'NAME="Fedora Linux"\nID=fedora\nVERSION_ID=41\nVARIANT_ID=\'iot\'\nPRETTY_NAME="Fedora \\"IoT\\" 41"',
        host: 'uname edge01 6.11.6 aarch64\nboot_id b\nmachine-id m\nuptime 12.50 3.1\nclock 1760000000\ncpus 4\nuid 1000\nuser core\nhome /var/home/a b',
        memory: 'MemTotal:  1000 kB\nMemFree:  10 kB',
        mounts: '/dev/sda4 /var/a\\040b xfs rw,relatime 0 0',
        space: 'Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda4 100 50 40 56% /var/a b',
        systemd: '',
      }),
    );

    expect(facts).toEqual({
      ...emptyFacts(),
      os: { id: 'fedora', version: '41', variant: 'iot', name: 'Fedora "IoT" 41', image_based: false },
      hostname: 'edge01',
      kernel: '6.11.6',
      arch: 'aarch64',
      boot_id: 'b',
      machine_id: 'm',
      uptime_s: 12.5,
      clock_s: 1_760_000_000,
      cpus: 4,
      memory: { total: 1_024_000, available: 10_240 },
      mounts: [
        { path: '/var/a b', source: '/dev/sda4', fstype: 'xfs', options: 'rw,relatime', size: 102_400, free: 40_960 },
      ],
      tools: { lvm: '2.03.26', 'rpm-ostree': '2023.11' },
      user: { name: 'core', uid: 1000, home: '/var/home/a b' },
    });
  });

  it('reads block devices, each once', () => {
    const line = (name: string, kname: string, type: string, parent: string, at = ''): string =>
      `NAME="${name}" KNAME="${kname}" TYPE="${type}" SIZE="1024" FSTYPE="xfs" MOUNTPOINT="${at}" PKNAME="${parent}"`;
    const devices = [
      line('sda', 'sda', 'disk', ''),
      line('vg-a', 'dm-0', 'lvm', 'sda', '/a\\x20b'),
      line('vg-a', 'dm-0', 'lvm', 'sdb'),
    ];

    const facts = parseFacts(answer({ devices: devices.join('\n') }));

    expect(facts.devices).toEqual([
      { name: 'sda', path: '/dev/sda', type: 'disk', size: 1024, fstype: 'xfs', mountpoint: '', parent: '' },
      {
        name: 'vg-a',
        path: '/dev/mapper/vg-a',
        type: 'lvm',
        size: 1024,
        fstype: 'xfs',
        mountpoint: '/a b',
        parent: 'sda',
      },
    ]);
  });

  it('makes do with /proc/partitions', () => {
    const devices =
      'major minor  #blocks  name\n\n 8 0 100 sda\n 8 1 50 sda1\n 259 0 10 nvme0n1\n 259 1 5 nvme0n1p1\n 7 0 1 loop0';

    const facts = parseFacts(answer({ devices }));

    expect(facts.devices.map(({ name, type, parent, size }) => `${name} ${type} ${parent} ${size}`)).toEqual([
      'sda disk  102400',
      'sda1 part sda 51200',
      'nvme0n1 disk  10240',
      'nvme0n1p1 part nvme0n1 5120',
      'loop0 loop  1024',
    ]);
  });

  it('is not led astray by a section that looks like another', () => {
    const facts = parseFacts(
      answer({ os: 'ID=a\ncopse-ffffffffffffffff host\nuname evil evil evil', host: 'uname good 1 x' }),
    );

    expect({ hostname: facts.hostname, id: facts.os.id }).toEqual({ hostname: 'good', id: 'a' });
  });

  it('leaves the deployments out when their status is nonsense', () => {
    expect(parseFacts(answer({ deployments: '{"deployments": [' })).ostree).toEqual(emptyFacts().ostree);
  });

  it.each([
    ['an empty answer', '', 'expected the facts of the host, found ""'],
    ['a login banner only', 'Authorized use only\n', 'expected the facts of the host, found "Authorized use only"'],
    [
      'an answer that was cut off',
      answer({ os: 'ID=x' }).stdout.slice(0, 40),
      'the facts of the host were cut off after 40 characters',
    ],
  ])('refuses %s', (_, stdout, message) => {
    let problems: readonly { code: string; message: string }[] = [];
    try {
      parseFacts({ stdout });
    } catch (error) {
      problems = problemsOf(error);
    }
    expect(problems).toEqual([{ code: 'E_ANSWER', message }]);
  });
});
