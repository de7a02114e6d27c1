import { defineModule } from '../../core/module.ts';
import { servicesOf } from './live.ts';
import { firstOf, plan, runsLive } from './plan.ts';
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
    'With activate: reboot the deployment is staged locked where rpm-ostree can do that, so that nothing boots it by accident; one command then checks that it is still the one that was staged, unlocks it and reboots. Reboots of tasks that stand right behind each other become one: a task leaves its reboot to the next rpm_ostree or reboot task.',
    'A reboot is proven by boot id, booted deployment and kernel arguments, by boot-complete.target where something requires it, and by units that failed newly; "health" adds checks and a time. docs/activation.md tells every outcome.',
    'Overrides, upgrades, rebases and kernel arguments are not part of this module yet.',
  ],
  kind: 'state',
  params: Params,
  activates: (want) => want.activate === 'reboot',
  freeForm: 'packages',
  returns: {
    needs_reboot: { type: 'bool', description: 'another deployment than the booted one boots next' },
    booted: { type: 'string', description: 'id of the booted deployment' },
    staged: { type: 'string', description: 'id of the staged deployment, empty when none is' },
    next: { type: 'string', description: 'id of the first deployment of this system' },
    version: { type: 'string', description: 'version of the booted image' },
    requested: { type: 'list', description: 'packages requested in the first deployment' },
    packages: { type: 'list', description: 'requests of the first deployment that it really layers' },
    live: { type: 'bool', description: 'the first deployment is applied to the running system' },
    services_to_restart: {
      type: 'list',
      description: 'services that a live apply changed and that still run as before',
    },
    activation: {
      type: 'map',
      description: 'what came of the reboot: result, from, expected and more; empty without one',
    },
  },
  examples: [
    '- rpm_ostree: {packages: [tmux, nmap, ranger]}\n  become: true\n  register: layering',
    '- name: tools change at the next maintenance\n  rpm_ostree: {packages: [zsh, tmux], absent: [screen], activate: stage}',
    '- rpm_ostree: {prune_inactive: true, reboot_timeout: 40m}',
    '- name: tools are there at once, without a reboot where that is possible\n  rpm_ostree: {packages: [strace, tcpdump], activate: live_or_reboot}',
    '- name: back to the deployment of before when the application does not answer for a minute\n  rpm_ostree:\n    packages: tmux\n    rollback: on_failure\n    health: {commands: [[curl, -fsS, "http://localhost:8080/"]], min_healthy_time: 1m}',
  ],
  probe: ask,
  read,
  plan,
  result: (want, have, done) => {
    const { booted, deployments, pending } = have.ostree;
    const first = firstOf(have);
    const services = servicesOf(done);
    return {
      needs_reboot: pending,
      booted: booted.id,
      staged: deployments.find((one) => one.staged)?.id ?? '',
      next: first.id,
      version: booted.version,
      requested: [...first.requested_packages, ...first.local_packages],
      packages: [...first.packages, ...first.local_packages],
      live: booted.live !== '' && runsLive(have, first),
      services_to_restart: [...(want.restart_services ? services.failed : services.named)],
      activation: done.findLast((one) => one.outcome !== undefined)?.outcome ?? {},
    };
  },
});
