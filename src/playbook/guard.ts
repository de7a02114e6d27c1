import { z } from 'zod';
import { defineModule } from '../core/module.ts';
import { absolutePath, duration, listOf, publicText, unitName } from '../modules/params.ts';

const DAY_MS = 86_400_000;

/** What a `guard` says. */
export const GuardParams = z.strictObject({
  within: duration()
    .refine((ms) => ms >= 1000 && ms <= DAY_MS, { error: 'expected a time between 1s and 24h' })
    .prefault('5m')
    .describe(
      'How long the host waits before it undoes by itself. It counts anew with each step, and with each boot of the host: longer than the longest command and than a boot up to sshd is enough.',
    ),
  files: listOf(absolutePath())
    .default([])
    .describe(
      'Further files or folders to put back. Those that copy, lines, file and other modules write need not be named.',
    ),
  undo: z
    .array(z.array(publicText('a word')).min(1))
    .default([])
    .describe(
      'Commands of your own, each a list of words, that undo what is in no file; run after the files are back, and once more where the host lost its power meanwhile.',
    ),
  reload: listOf(unitName())
    .default([])
    .describe('Units to reload, or to restart where they cannot, after the files are back.'),
  restart: listOf(unitName()).default([]).describe('Units to restart after the files are back.'),
});
/** What a `guard` says, defaults filled in. */
export type GuardParams = z.infer<typeof GuardParams>;

/**
 * The keyword `guard` of a block in the form of a module, so that its values are read, checked, bound and described like those of any
 * task. It is in no list of modules: the engine opens and closes the window around the block.
 */
export const guard = defineModule<GuardParams, null>({
  name: 'guard',
  summary:
    'A keyword of blocks: the host undoes what the block changed by itself unless copse can still log in afterwards.',
  notes: [
    'For changes that can lock you out: sshd, firewall, network, sudo, kernel arguments. Before the first step of the block the host gets a timer of systemd and copies of the files that are about to change. When all tasks of the block and the handlers they notified went well, copse opens a new connection, logs in, becomes root there, and only then takes the timer away. When it cannot, or is gone itself, the host puts the files back, runs "undo", reloads and restarts the units, and boots the deployment of before where the block booted another one.',
    'A block that changes nothing opens no window. A task that fails in it has everything undone at once. A reboot in the window starts the time anew. Nothing stays on the host afterwards.',
    'It needs root on the host and systemd; one guard can be open on a host at a time. A host that does not even start systemd cannot undo anything: that is what greenboot and the boot menu are for.',
  ],
  kind: 'action',
  params: GuardParams,
  freeForm: 'within',
  returns: {},
  examples: [
    [
      '- name: only admins log in',
      '  guard: {within: 3m, restart: sshd.service}',
      '  block:',
      '    - copy: {dest: /etc/ssh/sshd_config.d/10-admins.conf, content: "AllowGroups wheel\\n"}',
      '    - systemd_unit: {name: sshd.service, state: restarted}',
    ].join('\n'),
    [
      '- name: a firewall that is loaded by hand',
      '  guard: {undo: [[nft, -f, /etc/sysconfig/nftables.conf]]}',
      '  block:',
      '    - command: nft -f /root/new-rules.nft',
    ].join('\n'),
    [
      '- name: a kernel argument',
      '  guard: 10m',
      '  block:',
      '    - rpm_ostree: {kargs: {append: [net.ifnames=0]}, activate: reboot}',
    ].join('\n'),
  ],
  probe: () => ({}),
  read: () => null,
  plan: () => ({ steps: [] }),
});
