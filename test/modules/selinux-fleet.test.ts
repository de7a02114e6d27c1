import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startFleet } from '../../src/sim/fleet.ts';
import type { Fleet, SimHost } from '../../src/sim/types.ts';
import { drive } from '../engine/activation-fleet.ts';
import { QUICK } from '../sim/client.ts';

const SEMANAGE = { packages: ['policycoreutils-python-utils'] };

let fleet: Fleet;
beforeAll(async () => {
  const hosts = ['mode', 'switch', 'off', 'bare', 'wrong'].map((name) => ({ name }));
  fleet = await startFleet({ hosts: [...hosts, { name: 'rules', ...SEMANAGE }], timing: QUICK });
});
afterAll(async () => {
  await fleet.stop();
});

function text(host: SimHost, path: string): string {
  return readFileSync(join(host.root, path), 'utf8');
}

/** Twice the same task: what the first and the second run say. */
async function twice(name: string, wish: string): Promise<readonly (readonly string[])[]> {
  const tasks = `- name: wish\n  selinux: ${wish}`;
  const first = await drive(fleet, name, tasks);
  const second = await drive(fleet, name, tasks);
  return [
    [...first.problems, ...first.ends],
    [...second.problems, ...second.ends],
  ];
}

const DONE = [['wish changed'], ['wish ok']];

it('a mode holds now and after a reboot, and so does the way back', async () => {
  const host = fleet.host('mode');

  expect(await twice('mode', '{mode: permissive}')).toEqual(DONE);
  expect(text(host, 'sys/fs/selinux/enforce')).toBe('0');
  expect((await drive(fleet, 'mode', '- reboot: {}\n- name: wish\n  selinux: {mode: permissive}')).ends.at(-1)).toBe(
    'wish ok',
  );
  expect(await twice('mode', '{mode: enforcing}')).toEqual(DONE);
  expect([text(host, 'sys/fs/selinux/enforce'), text(host, 'etc/selinux/config')]).toEqual([
    '1',
    '# enforcing, permissive or disabled\nSELINUX=enforcing\nSELINUXTYPE=targeted\n',
  ]);
}, 60_000);

it('booleans hold in the kernel and in the policy that boots', async () => {
  const wish = '{booleans: {httpd_can_network_connect: true, virt_use_nfs: false}}';

  expect(await twice('switch', wish)).toEqual(DONE);
  expect((await drive(fleet, 'switch', `- reboot: {}\n- name: wish\n  selinux: ${wish}`)).ends.at(-1)).toBe('wish ok');
  const host = fleet.host('switch');
  writeFileSync(join(host.root, 'sys/fs/selinux/booleans/virt_use_nfs'), '1 1');
  expect(await twice('switch', wish)).toEqual(DONE);
  expect(host.counts.calls.filter(({ tool }) => tool === 'setsebool').map(({ args }) => args)).toEqual([
    ['-P', 'httpd_can_network_connect=1', 'virt_use_nfs=0'],
    ['virt_use_nfs=0'],
  ]);
}, 60_000);

it('rules for files and ports are changed in one transaction, and labels follow', async () => {
  const host = fleet.host('rules');
  mkdirSync(join(host.root, 'var/srv/web/a b'), { recursive: true });
  const wish =
    '{file_contexts: [{path: "/var/srv/web(/.*)?", type: httpd_sys_content_t}], ports: [{port: 8081, type: http_port_t}, {port: 9000-9010, protocol: udp, type: http_port_t}], restore: /var/srv/web}';

  expect(await twice('rules', wish)).toEqual(DONE);
  expect(await twice('rules', '{ports: [{port: 9000-9010, protocol: udp, state: absent}]}')).toEqual(DONE);
  expect(text(host, 'etc/selinux/targeted/active/ports.local')).toContain(
    '\n\nportcon tcp 8081 system_u:object_r:http_port_t:s0\n',
  );
  expect(await twice('rules', '{restore: /var/srv/web}')).toEqual([['wish ok'], ['wish ok']]);
}, 60_000);

it('rules without semanage, and booleans nobody knows, are refused before anything is sent', async () => {
  const bare = await drive(fleet, 'bare', '- name: wish\n  selinux: {ports: [{port: 8081, type: http_port_t}]}');
  const wrong = await drive(fleet, 'wrong', '- name: wish\n  selinux: {booleans: {nope: true}, mode: permissive}');

  expect([bare.problems, wrong.problems]).toEqual([
    ['this host has no semanage, which alone can read and change rules for files and ports'],
    ['the policy "targeted" of this host has no boolean "nope"'],
  ]);
  expect(text(fleet.host('wrong'), 'sys/fs/selinux/enforce')).toBe('1');
}, 60_000);

it('disabled needs a boot without SELinux, which rpm_ostree makes', async () => {
  const refused = await drive(fleet, 'off', '- name: wish\n  selinux: {mode: disabled}');
  const tasks =
    '- rpm_ostree: {kargs: {append: [selinux=0]}, activate: reboot}\n- name: wish\n  selinux: {mode: disabled}';
  const done = await drive(fleet, 'off', tasks);
  const again = await drive(fleet, 'off', tasks);

  expect(refused.problems).toEqual(['SELinux is enforcing in this boot, and only a boot without it disables it']);
  expect([done.problems, done.ends.at(-1), again.ends.at(-1)]).toEqual([[], 'wish changed', 'wish ok']);
}, 60_000);
