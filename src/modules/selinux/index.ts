import { defineModule } from '../../core/module.ts';
import { modeAtBoot, policyAtBoot } from './mode.ts';
import { plan } from './plan.ts';
import { Params } from './schema.ts';
import { ask, read, type Have } from './state.ts';

/** SELinux: its mode, and what this host adds to the policy. */
export const selinux = defineModule<Params, Have>({
  name: 'selinux',
  summary: 'Sets the mode of SELinux, booleans, labels of files and ports.',
  notes: [
    'Mode: the kernel now, and the file /etc/selinux/config that later boots read; its other lines stay. Permissive comes first in a task, enforcing last, when booleans and labels are right. A kernel argument that wins over the file (enforcing=0) is named and refused; rpm_ostree takes it away.',
    'No kernel since 6.4 can switch SELinux off while it runs, and no Fedora since 34. "disabled" is therefore refused until a boot has the kernel argument selinux=0: write rpm_ostree: {kargs: {append: [selinux=0]}} before it. The way back is: permissive with mode_from: boot, without that argument, a reboot, restored labels, then enforcing.',
    'Booleans: what the kernel has now, and what stands in the policy that the next boot loads; both are read from the kernel and from that file itself. Several are set in one go, since each time the whole policy is built anew.',
    'Rules for files and ports are those of this host (semanage fcontext, semanage port), and are changed in one transaction: all or none. That needs semanage, which Fedora CoreOS does not bring: rpm_ostree: {packages: [policycoreutils-python-utils]}. Without it the task is refused; booleans, mode and restore need it not. A port counts as right too where the policy itself gives it the type.',
    'A rule labels nothing by itself: write the paths into "restore" too. Then the whole tree below each is compared with the rules, and corrected only where it differs. As with restorecon, the type counts, and types that a person may choose freely (customizable_types) stay.',
    'On image-based hosts the policy lies in /etc. With ostree before 2022.3 a host whose policy was changed (booleans that are kept, rules) misses every later update of the policy; the plan says so. ostree_check tells which files of /etc differ.',
    'Enforcing can lock out whoever logs in: try it permissive first, and put the task into a block with guard: {undo: [[setenforce, "0"]]}.',
  ],
  kind: 'state',
  params: Params,
  returns: {
    mode: { type: 'string', description: 'enforcing, permissive, or off where SELinux does not run' },
    mode_at_boot: { type: 'string', description: 'the mode in /etc/selinux/config' },
    policy: { type: 'string', description: 'the policy in /etc/selinux/config' },
    booleans: { type: 'map', description: 'each boolean of the task, as the kernel has it' },
  },
  examples: [
    '- selinux: {mode: enforcing}\n  become: true',
    '- name: nginx may talk to backends, on another port, with files elsewhere\n  become: true\n  selinux:\n    booleans: {httpd_can_network_connect: true}\n    ports: [{port: 8081, type: http_port_t}]\n    file_contexts: [{path: "/srv/web(/.*)?", type: httpd_sys_content_t}]\n    restore: /srv/web',
    '- selinux:\n    ports: [{port: 9000-9010, protocol: udp, state: absent}]\n  become: true',
  ],
  probe: ask,
  read,
  plan,
  result: (_want, have) => ({
    mode: have.now,
    mode_at_boot: modeAtBoot(have),
    policy: policyAtBoot(have),
    booleans: Object.fromEntries(
      [...have.booleans].flatMap(([name, { now }]) => (now === undefined ? [] : [[name, now]])),
    ),
  }),
});
