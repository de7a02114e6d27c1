import { afterAll, beforeAll, expect, it } from 'vitest';
import { startFleet } from '../../src/sim/fleet.ts';
import { bootedOf } from '../../src/sim/model/sysroot.ts';
import type { Fleet } from '../../src/sim/types.ts';
import { drive } from '../engine/activation-fleet.ts';
import { QUICK } from '../sim/client.ts';

const OLD = '42.20260803.0';
const NEW = '42.20261012.0';

/** What is there before, the wish, and what of the running system shows it. */
const WISHES: readonly (readonly [wish: string, before: string, shows: string])[] = [
  ['rpm_ostree: {upgrade: true}', '', NEW],
  ['rpm_ostree: {upgrade: true, packages: [tmux, zstd]}', '', `${NEW} +tmux`],
  [`rpm_ostree: {deploy: "${OLD}"}`, '', OLD],
  [
    `rpm_ostree: {deploy: "${NEW}", packages: zsh, absent: jq}`,
    'rpm_ostree: {packages: jq, activate: stage}',
    `${NEW} +zsh`,
  ],
  ['rpm_ostree: {rebase: "fedora-iot:fedora/devel/x86_64/iot"}', '', 'fedora/devel'],
  ['rpm_ostree: {kargs: {append: [quiet], delete: [console], replace: ["loglevel=3"]}}', '', 'kargs quiet loglevel=3'],
  ['rpm_ostree: {kargs: {replace: ["loglevel=3"]}}', 'rpm_ostree: {kargs: {append: "loglevel=7"}}', 'kargs loglevel=3'],
  ['rpm_ostree: {overrides: {remove: podman}, packages: jq}', '', '-podman +jq'],
  [
    'rpm_ostree: {overrides: {replace: /var/tmp/podman-5.4.0-1.fc42.x86_64.rpm}}',
    'command: touch /var/tmp/podman-5.4.0-1.fc42.x86_64.rpm',
    'podman-5.4.0',
  ],
  [
    'rpm_ostree: {overrides: {reset: podman}}',
    'rpm_ostree: {overrides: {remove: [podman, zstd], replace: "https://x.test/bash-5.1-1.fc42.x86_64.rpm"}}',
    '-zstd bash-5.1',
  ],
  ['rpm_ostree: {overrides: {reset: all}}', 'rpm_ostree: {overrides: {remove: [podman, zstd]}}', 'plain'],
  [
    'rpm_ostree: {rpms: "https://x.test/agent-2.1-1.x86_64.rpm", packages: tmux}',
    'rpm_ostree: {rpms: "https://x.test/agent-2.0-1.x86_64.rpm"}',
    'agent-2.1-1.x86_64',
  ],
  ['rpm_ostree: {absent: agent}', 'rpm_ostree: {rpms: "https://x.test/agent-2.0-1.x86_64.rpm"}', 'plain'],
  ['rpm_ostree: {initramfs: {args: [-v]}}', 'rpm_ostree: {initramfs: {}}', 'initramfs -v'],
  ['rpm_ostree: {initramfs: {enable: false}}', 'rpm_ostree: {initramfs: {args: [-v]}}', 'plain'],
  [`rpm_ostree: {rollback_to: "${OLD}"}`, '', OLD],
  [`rpm_ostree: {rollback_to: "${OLD}"}`, 'rpm_ostree: {packages: tmux, activate: stage}', OLD],
  [
    'rpm_ostree: {upgrade: true, overrides: {remove: zstd}, packages: tmux, initramfs: {}, kargs: {append: quiet}, refresh_md: true}',
    '',
    `${NEW} -zstd +tmux initramfs quiet`,
  ],
  ['rpm_ostree: {packages: tmux, on_skew: upgrade}', '', '+tmux'],
  ['rpm_ostree: {upgrade: true, activate: stage}', '', ''],
  ['rpm_ostree_maintenance: {pinned: booted, cleanup: [rollback, base], refresh_md: true}', '', ''],
  ['rpm_ostree_maintenance: {automatic_updates: stage}', '', ''],
  [
    'rpm_ostree_maintenance: {automatic_updates: none, cleanup: pending}',
    'rpm_ostree: {packages: tmux, activate: stage}',
    '',
  ],
];

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({ hosts: WISHES.length + 3, user: 'root', timing: QUICK });
});
afterAll(async () => {
  await fleet.stop();
});

/** What runs on a host, in the words of the table. */
function running(name: string): string {
  const { origin, kargs } = bootedOf(fleet.host(name).state.sysroot);
  const { requested, requestedLocal, removals, replacements = [], initramfs } = origin;
  return [
    origin.refspec,
    origin.version,
    ...removals.map((one) => `-${one}`),
    ...requested.map((one) => `+${one}`),
    ...requestedLocal,
    ...replacements,
    ...(initramfs === undefined ? [] : ['initramfs', ...initramfs]),
    ...([...requested, ...requestedLocal, ...removals, ...replacements, ...(initramfs ?? [])].length === 0
      ? ['plain']
      : []),
    'kargs',
    ...kargs,
  ].join(' ');
}

it.concurrent.each(WISHES.map(([wish, before, shows], index) => [wish, before, shows, index] as const))(
  '%s (after "%s") comes true, and a second run has nothing to do',
  async (wish, before, shows, index) => {
    const { name } = fleet.hosts[index]!;
    if (before !== '') {
      expect((await drive(fleet, name, `- ${before}`)).problems).toEqual([]);
    }

    const first = await drive(fleet, name, `- name: wish\n  ${wish}`);
    const second = await drive(fleet, name, `- name: wish\n  ${wish}`);

    expect({ problems: first.problems, ends: first.ends }).toEqual({ problems: [], ends: ['wish changed'] });
    for (const word of shows.split(' ')) expect(running(name)).toContain(word);
    expect({ problems: second.problems, ends: second.ends }).toEqual({ problems: [], ends: ['wish ok'] });
  },
  60_000,
);

it('an update that is there is told with its packages, and a host that has it is told so', async () => {
  const { name } = fleet.hosts[WISHES.length]!;
  const check = '- name: look\n  rpm_ostree_check: {}\n- name: known\n  rpm_ostree_check: {refresh: false}';

  const before = await drive(fleet, name, check);
  await drive(fleet, name, '- rpm_ostree: {upgrade: true}');
  const after = await drive(fleet, name, check);

  expect([before.ends, before.problems]).toEqual([['look ok', 'known ok'], []]);
  expect(before.of('look')).toMatchObject({
    available: true,
    version: NEW,
    upgraded: [
      { name: 'openssl', from: '3.2.4-1.fc42', to: '3.2.6-1.fc42', layered: false },
      { name: 'podman', from: '5.4.2-1.fc42', to: '5.5.0-1.fc42', layered: false },
    ],
  });
  expect(before.of('known')).toEqual(before.of('look'));
  expect(after.of('look')).toMatchObject({ available: false, version: '', upgraded: [] });
}, 60_000);
