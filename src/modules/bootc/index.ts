import { defineModule } from '../../core/module.ts';
import { firstOf, NO_DEPLOYED } from './deployed.ts';
import { plan } from './plan.ts';
import { Params } from './schema.ts';
import { ask, read, type Have } from './state.ts';

/** Which container image a host boots. */
export const bootc = defineModule<Params, Have>({
  name: 'bootc',
  summary: 'The container image that a bootc host follows and runs.',
  notes: [
    'State comes from "bootc status --json": which image each deployment was made from, by name and digest. An image that is written with a digest is exactly one build: the host is switched only where another digest runs, or is staged. An image with a tag is followed; "upgrade: true" brings its newest build, and asks "bootc upgrade --check" first, also under --check, which reads the manifest and downloads nothing.',
    'One tool owns the updates of a host. On hosts that have both, bootc owns those that run a container image as it is, rpm-ostree those that follow an ostree ref or have layered packages; a task for the wrong one is refused, with the task to write instead. "image" moves a host from an ostree ref to a container image. Local changes are never thrown away: take them away with rpm_ostree first.',
    'Logins for a registry are read by bootc from /etc/ostree/auth.json on the host. Lay that file before this task, with "copy: {dest: /etc/ostree/auth.json, mode: "0600", content: …}" from a secret; nothing of it is ever in a command line.',
    'With activate: reboot the new deployment is staged, and must hold the wish; one command checks that it is still first and reboots. The reboot is proven by the id of the deployment, which runs then, and by its digest; "health" adds checks and a time. docs/activation.md tells every outcome.',
    'With activate: download the image is on the disk and no boot applies it; the same task with stage or reboot lets it boot, without the network. A boot meanwhile drops the deployment and keeps what was downloaded. It needs bootc 1.12, for a switch a later one.',
    'A soft reboot restarts userspace and keeps the kernel: seconds instead of minutes. The boot id stays, so that it is proven by the count of soft reboots of systemd and by the deployment. Whether an image allows it is known once it is staged. It needs bootc 1.7 and systemd 254.',
    '"rollback_to" swaps the running deployment and the one beside it, which is all that bootc can do; /etc is then as that deployment left it, and what is staged is dropped. "rollback: on_failure" goes back by itself when the new image is not healthy.',
    'bootc-fetch-apply-updates.timer and other updaters are held meanwhile and given back, also after a failure. A host that the timer moves away from a digest by its tag is brought back by the next run: switch the timer off, or follow the digest.',
    '"bootc edit" has no counterpart: it can change only the image and the boot order, which "image" and "rollback_to" do.',
  ],
  kind: 'state',
  params: Params,
  activates: (want) => want.activate === 'reboot' && want.soft_reboot === 'never',
  freeForm: 'image',
  returns: {
    needs_reboot: { type: 'bool', description: 'another deployment than the running one boots next' },
    image: { type: 'string', description: 'image that the first deployment follows; empty where it follows none' },
    digest: { type: 'string', description: 'digest of the running image' },
    version: { type: 'string', description: 'version of the running image, empty where it has none' },
    booted: { type: 'string', description: 'id of the booted deployment' },
    next: { type: 'string', description: 'id of the first deployment' },
    staged: { type: 'string', description: 'id of the staged deployment, empty when none is' },
    staged_digest: { type: 'string', description: 'digest of the staged image, empty when none is' },
    download_only: { type: 'bool', description: 'what is staged is only downloaded: no boot applies it' },
    soft_reboot_capable: { type: 'bool', description: 'what is staged can be booted without its kernel' },
    available: {
      type: 'string',
      description: 'digest of a newer build that the last look found for the tag, empty when none is known',
    },
    activation: {
      type: 'map',
      description: 'what came of the reboot: result, from, expected and more; empty without one',
    },
  },
  examples: [
    '- name: exactly this build\n  bootc: quay.io/example/os@sha256:9cca0703342e24806a9f64e08c053dca7f2cd90f10529af8ea872afb0a0c77d4\n  become: true',
    '- name: follow a tag, and have its newest build\n  bootc: {image: "quay.io/example/os:42", upgrade: true}\n  become: true\n  register: os',
    '- name: whatever is followed, newest; fetched now, booted at the next maintenance\n  bootc: {upgrade: true, activate: stage}\n  become: true',
    '- name: fetched by day\n  bootc: {upgrade: true, activate: download}\n  become: true\n- name: booted by night, without the kernel where that can be\n  bootc: {upgrade: true, soft_reboot: auto}\n  become: true',
    '- name: an image that must be signed\n  bootc: {image: "registry.example.org/os:stable", enforce_container_sigpolicy: true}\n  become: true',
    '- name: an image that podman built on the host\n  bootc: {image: "localhost/os:test", transport: containers-storage}\n  become: true',
    '- name: back to the build of before\n  bootc: {rollback_to: "42.20260907.0"}\n  become: true',
    '- name: back by itself when the application does not answer\n  bootc:\n    image: quay.io/example/os:42\n    upgrade: true\n    rollback: on_failure\n    health: {commands: [[curl, -fsS, "http://localhost:8080/"]], min_healthy_time: 1m}\n  become: true',
  ],
  probe: ask,
  read: (answers, _want, context) => read(answers, context),
  plan: (want, have, _context, before) => plan(want, have, before),
  result: (_want, { host, ostree }, done) => {
    const first = firstOf(host) ?? NO_DEPLOYED;
    const { booted = NO_DEPLOYED, staged = NO_DEPLOYED } = host;
    return {
      needs_reboot: ostree.pending,
      image: first.image,
      digest: booted.digest,
      version: booted.version,
      booted: booted.id,
      next: first.id,
      staged: staged.id,
      staged_digest: staged.digest,
      download_only: staged.isKept,
      soft_reboot_capable: staged.canSoftReboot,
      available: first.newer?.digest ?? '',
      activation: done.findLast((one) => one.outcome !== undefined)?.outcome ?? {},
    };
  },
});
