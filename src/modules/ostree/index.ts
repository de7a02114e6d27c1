import { defineModule } from '../../core/module.ts';
import { plan } from './plan.ts';
import { Params, wishesBoot } from './schema.ts';
import { ask, firstOf, read, type Have } from './state.ts';

/** What a host of ostree boots, without rpm-ostree. */
export const ostree = defineModule<Params, Have>({
  name: 'ostree',
  summary: 'What an ostree host boots: commits, kernel arguments, order and pins.',
  notes: [
    'For hosts that are managed with the tool of libostree itself. What rpm-ostree layered, overrode or took from a container image, ostree would lose: there "deploy", "upgrade" and "kargs" are refused, and rpm_ostree has them. Pins, the order and "undeploy" are safe everywhere.',
    'State comes from "ostree admin status", the origins below /ostree/deploy, the entries of the boot loader, what is staged in /run and /proc/cmdline. A deployment is right when it is of the wished commit, follows the wished ref and has the kernel arguments; then a second run has nothing to do.',
    '"deploy" takes a ref as the repository of the host has it, and pulls it only where it is missing; "upgrade" asks the remote. Where the remote has a summary its newest commit is known before anything is pulled, also under --check. REF@COMMIT deploys a certain commit and goes on following the ref; the next upgrade leaves it.',
    'Kernel arguments are compared as whole words by copse and given to ostree as a whole. As everywhere they are those of the deployment that boots next, changed.',
    'Commits are staged where the tool can, locked where it can that too, and booted by one command that first looks whether the staged deployment is still the one. What the tool of a host cannot do (staging and pins before 2018, an order before 2023.6, unlock --transient) it is asked itself; the task does it another way, or says so.',
    'A reboot is proven as with rpm_ostree: docs/activation.md tells every outcome. ostree has no live apply.',
    'Remotes and keys are ostree_remote; changes of /etc, the health of the repository, its refs and its history are told by ostree_check.',
  ],
  kind: 'state',
  params: Params,
  freeForm: 'deploy',
  activates: (want) => want.activate === 'reboot' && wishesBoot(want),
  returns: {
    needs_reboot: { type: 'bool', description: 'another deployment than the booted one boots next' },
    booted: { type: 'string', description: 'id of the booted deployment' },
    staged: { type: 'string', description: 'id of the staged deployment, empty when none is' },
    next: { type: 'string', description: 'id of the deployment that boots next' },
    version: { type: 'string', description: 'version of the booted commit, empty when it has none' },
    commit: { type: 'string', description: 'booted commit' },
    origin: { type: 'string', description: 'ref that the deployment which boots next follows' },
    pinned: { type: 'list', description: 'ids of the pinned deployments' },
    deployments: { type: 'list', description: 'ids of all deployments, in boot order' },
    unlocked: { type: 'string', description: 'none, development, hotfix or transient' },
    activation: {
      type: 'map',
      description: 'what came of the reboot: result, from, expected and more; empty without one',
    },
  },
  examples: [
    '- name: the newest commit of what the host follows, booted and proven\n  ostree: {upgrade: true, rollback: on_failure}\n  become: true',
    '- name: another branch from now on\n  ostree: {deploy: "fleet:os/next/x86_64", upgrade: true, activate: stage}\n  become: true',
    '- name: exactly this commit, and the ref is followed later\n  ostree: {deploy: "fleet:os/stable/x86_64@1f590962cbc0e61a595698e2e8a40bb5fb23fa666e5215c5ac2cb74b7833acc1"}\n  become: true',
    '- ostree: {kargs: {append: ["console=ttyS0"], delete: [quiet], replace: ["loglevel=3"]}}\n  become: true',
    '- name: what works now stays\n  ostree: {pinned: booted}\n  become: true',
    '- name: back to the version of before\n  ostree: {set_default: "13.1"}\n  become: true',
    '- name: room for the next one\n  ostree: {undeploy: rollback}\n  allow_destroy: [rollback]\n  become: true',
    '- name: try a fix in place until the next boot\n  ostree: {unlock: development}\n  become: true',
  ],
  probe: ask,
  read,
  plan,
  result: (want, have, done) => {
    const { booted, deployments, pending } = have.ostree;
    const first = firstOf(have, want.os) ?? booted;
    return {
      needs_reboot: pending,
      booted: booted.id,
      staged: deployments.find((one) => one.staged)?.id ?? '',
      next: deployments[0]?.id ?? '',
      version: booted.version,
      commit: booted.checksum,
      origin: have.files.of(first).refspec,
      pinned: deployments.filter(({ pinned }) => pinned).map(({ id }) => id),
      deployments: deployments.map(({ id }) => id),
      unlocked: have.files.of(booted).unlocked,
      activation: done.findLast((one) => one.outcome !== undefined)?.outcome ?? {},
    };
  },
});
