import { defineModule } from '../../core/module.ts';
import { firstOf, plan } from './plan.ts';
import { Params } from './schema.ts';
import { ask, read, type Have } from './state.ts';

/** Packages layered on the image of a host. */
export const rpmOstree = defineModule<Params, Have>({
  name: 'rpm_ostree',
  summary: 'Layers packages on image-based hosts, and boots the result.',
  notes: [
    'State comes from "rpm-ostree status --json" and from the package databases of the deployments. A package that is there already is not requested and needs no reboot. Additions and removals of one task are one transaction, which survives a lost connection.',
    'rpm-ostree builds each change on the deployment that boots next. An update that is staged already comes along, and the plan says so. An update that a driver such as Zincati has staged for its own time is not touched: the task is refused.',
    'A transaction of somebody else is waited for and never cancelled. Failures are told apart: packages that do not exist, a repository that cannot be read, an image that does not fit the repositories, no space, locked layering.',
    'Overrides, upgrades, rebases, kernel arguments and applying changes to the running system are not part of this module yet.',
  ],
  kind: 'state',
  params: Params,
  freeForm: 'packages',
  returns: {
    needs_reboot: { type: 'bool', description: 'another deployment than the booted one boots next' },
    booted: { type: 'string', description: 'id of the booted deployment' },
    staged: { type: 'string', description: 'id of the staged deployment, empty when none is' },
    next: { type: 'string', description: 'id of the first deployment of this system' },
    version: { type: 'string', description: 'version of the booted image' },
    requested: { type: 'list', description: 'packages requested in the first deployment' },
    packages: { type: 'list', description: 'requests of the first deployment that it really layers' },
  },
  examples: [
    '- rpm_ostree: {packages: [tmux, nmap, ranger]}\n  become: true\n  register: layering',
    '- name: tools change at the next maintenance\n  rpm_ostree: {packages: [zsh, tmux], absent: [screen], activate: stage}',
    '- rpm_ostree: {prune_inactive: true, reboot_timeout: 40m}',
  ],
  probe: ask,
  read,
  plan,
  result: (_want, have) => {
    const { booted, deployments, pending } = have.ostree;
    const first = firstOf(have);
    return {
      needs_reboot: pending,
      booted: booted.id,
      staged: deployments.find((one) => one.staged)?.id ?? '',
      next: first.id,
      version: booted.version,
      requested: [...first.requested_packages, ...first.local_packages],
      packages: [...first.packages, ...first.local_packages],
    };
  },
});
