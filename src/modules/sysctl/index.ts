import { defineModule } from '../../core/module.ts';
import { plan } from './plan.ts';
import { Params } from './schema.ts';
import { ask, fileOf, read, type Have } from './state.ts';

/** Parameters of the kernel. */
export const sysctl = defineModule<Params, Have>({
  name: 'sysctl',
  summary: 'Sets parameters of the kernel, now and at every boot.',
  notes: [
    'Both must be right: what the kernel has now, and the file /etc/sysctl.d/FILE.conf, which holds exactly the values of the task. Values are compared as the kernel prints them: blanks and the base of a number do not count.',
    'The kernel is asked first. What it does not take is never written to the file, where it would only be found at the next boot.',
    'systemd reads such files in the order of their names, and the last one wins. Where a later file sets a key to something else, the task is refused and names that file.',
    'Each task needs a file of its own. One that is there already and was not written by copse is never replaced.',
  ],
  kind: 'state',
  params: Params,
  returns: {
    path: { type: 'string', description: 'the file' },
    values: { type: 'map', description: 'each key, with dots, and what the kernel has now' },
  },
  examples: [
    '- sysctl:\n    file: 90-router\n    values: {net.ipv4.ip_forward: 1, net.ipv4.conf.all.rp_filter: 2}',
    '- name: room for many connections\n  sysctl:\n    file: 90-web\n    values:\n      net.core.somaxconn: 4096\n      net.ipv4.ip_local_port_range: 10240 65535',
    '- sysctl: {file: 90-old, state: absent}',
  ],
  probe: ask,
  read,
  plan,
  result: (want, { running }) => ({
    path: fileOf(want),
    values: Object.fromEntries(running.flatMap(({ key, now }) => (now === undefined ? [] : [[key, now]]))),
  }),
});
