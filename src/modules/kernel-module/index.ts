import { defineModule } from '../../core/module.ts';
import { plan } from './plan.ts';
import { Params } from './schema.ts';
import { ask, read, type Have } from './state.ts';

/** Modules of the kernel. */
export const kernelModule = defineModule<Params, Have>({
  name: 'kernel_module',
  summary: 'Loads a module of the kernel now and at boot, or keeps it away.',
  notes: [
    'What is loaded is read from /proc/modules, what the kernel has from the files of depmod; what is part of the kernel itself counts as loaded. At boot systemd loads it by /etc/modules-load.d/NAME.conf.',
    'A line of another file, or an argument of the kernel, that keeps the module from being loaded at boot is a refusal: the task would look right until the next boot.',
    'A module in use is not removed. Options of a module that runs already hold when it is loaded anew, at the latest at the next boot; the task tells where they differ. A module that the initramfs loads needs its options there too: rpm_ostree with "initramfs".',
  ],
  kind: 'state',
  params: Params,
  freeForm: 'name',
  returns: {
    name: { type: 'string', description: 'the name as the kernel writes it' },
    where: { type: 'string', description: 'builtin, loaded, disk (not loaded) or nowhere' },
    used_by: { type: 'list', description: 'modules that use it' },
    options: { type: 'map', description: 'what the kernel tells of the options that were asked for' },
  },
  examples: [
    '- kernel_module: br_netfilter',
    '- kernel_module: {name: nf_conntrack, options: {hashsize: 65536}}',
    '- name: no USB storage\n  kernel_module: {name: usb-storage, state: blacklisted}',
  ],
  probe: ask,
  read,
  plan,
  result: (want, have) => ({
    name: want.name.replaceAll('-', '_'),
    where: have.where,
    used_by: [...have.usedBy],
    options: Object.fromEntries(have.options),
  }),
});
