import { defineModule } from '../../core/module.ts';
import { servicesOf } from './live.ts';
import { firstOf, plan, runsLive } from './plan.ts';
import { Params } from './schema.ts';
import { ask, read, type Have } from './state.ts';

/** What an rpm-ostree host boots: its image, what is layered on it, and how it starts. */
export const rpmOstree = defineModule<Params, Have>({
  name: 'rpm_ostree',
  summary: 'Packages, image, overrides and kernel arguments of rpm-ostree hosts.',
  notes: [
    'State comes from "rpm-ostree status --json" and from the package databases of the deployments. A package that is there already is not requested and needs no reboot. Additions and removals of one task are one transaction, which survives a lost connection.',
    'rpm-ostree builds each change on the deployment that boots next. An update that is staged already comes along, and the plan says so. An update that a driver such as Zincati has staged for its own time is not touched: the task is refused.',
    'A transaction of somebody else is waited for (busy_timeout), told with its client and process, and never cancelled: rpm-ostree tells nowhere for certain whether anybody still works on one, and one whose client is gone goes on without it. Failures are told apart: packages that do not exist, a repository that cannot be read, an image that does not fit the repositories, no space, locked layering.',
    'With activate: reboot the deployment is staged locked where rpm-ostree can do that, so that nothing boots it by accident; one command then checks that it is still the one that was staged, unlocks it and reboots. Reboots of tasks that stand right behind each other become one: a task leaves its reboot to the next rpm_ostree or reboot task.',
    'A reboot is proven by boot id, booted deployment and kernel arguments, by boot-complete.target where something requires it, and by units that failed newly; "health" adds checks and a time. docs/activation.md tells every outcome.',
    'All wishes of a task are brought about together and booted once: image, requests and local RPMs in one transaction where rpm-ostree has one for them; overrides, initramfs and kernel arguments each build on the one before. Nothing that is already so is done again.',
    '"upgrade" asks "rpm-ostree upgrade --check" first, also under --check: it reads the metadata of the image and the repositories and stages nothing. "deploy", "rebase" and "rollback_to" are judged by what the deployments are, so that a second run has nothing to do; that is why "rollback_to" takes a version, checksum or id, and not "the one before".',
    'Kernel arguments are compared as whole words by copse, with the next boot (rpm-ostree kargs) and with the running kernel (/proc/cmdline): the fewest options are given, and nothing is appended twice.',
    'A local RPM is known by what is in it (name, version, release, architecture), which is read from the file, or from the name that its URL ends with. It is never updated by an upgrade: name the newer file, and the older one gives way in the same transaction. "absent" takes its name or NEVRA.',
    'Housekeeping (cleanup, refresh_md, pins, the policy for automatic updates) is rpm_ostree_maintenance; available updates with their packages are a result of rpm_ostree_check.',
  ],
  kind: 'state',
  params: Params,
  activates: (want) => want.activate === 'reboot',
  freeForm: 'packages',
  localFiles: ['rpms_src'],
  returns: {
    needs_reboot: { type: 'bool', description: 'another deployment than the booted one boots next' },
    booted: { type: 'string', description: 'id of the booted deployment' },
    staged: { type: 'string', description: 'id of the staged deployment, empty when none is' },
    next: { type: 'string', description: 'id of the first deployment of this system' },
    version: { type: 'string', description: 'version of the booted image' },
    origin: { type: 'string', description: 'ref or container image that the first deployment follows' },
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
    '- name: the newest image, with a package that may need it\n  rpm_ostree: {upgrade: true, packages: [wireguard-tools]}\n  become: true',
    '- name: exactly this version, newer or older\n  rpm_ostree: {deploy: 41.20241122.3.0}\n  become: true',
    '- name: the next major version\n  rpm_ostree: {rebase: "fedora:fedora/42/x86_64/iot"}\n  become: true',
    '- name: follow a container image\n  rpm_ostree: {rebase: "ostree-image-signed:docker://quay.io/example/os:42"}\n  become: true',
    '- name: a serial console, and no splash\n  rpm_ostree:\n    kargs: {append: ["console=ttyS0,115200"], delete: [rhgb, quiet], replace: ["loglevel=3"]}\n  become: true',
    '- name: another runtime than that of the image\n  rpm_ostree:\n    overrides: {remove: [docker, docker-common]}\n    packages: [docker-ce]\n  become: true',
    '- name: every package of the image as its maker made it\n  rpm_ostree: {overrides: {reset: all}}\n  become: true',
    '- name: an RPM of this machine; an older one of it gives way\n  rpm_ostree: {rpms_src: agent-2.1-1.x86_64.rpm, activate: stage}\n  become: true',
    '- name: drivers that the initramfs must hold\n  rpm_ostree: {initramfs: {args: ["--add-drivers", megaraid_sas]}}\n  become: true',
    '- name: back to a deployment that is still there\n  rpm_ostree: {rollback_to: 41.20241109.3.0}\n  become: true',
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
      origin: first.origin,
      requested: [...first.requested_packages, ...first.local_packages],
      packages: [...first.packages, ...first.local_packages],
      live: booted.live !== '' && runsLive(have, first),
      services_to_restart: [...(want.restart_services ? services.failed : services.named)],
      activation: done.findLast((one) => one.outcome !== undefined)?.outcome ?? {},
    };
  },
});
