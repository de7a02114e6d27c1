import { KARGS_RULES } from '../kargs-params.ts';
import type { Rule } from '../params.ts';
import { isImage } from './base.ts';
import type { TreeWish } from './tree-schema.ts';

interface Wish extends TreeWish {
  readonly packages?: readonly string[] | undefined;
  readonly absent?: readonly string[] | undefined;
  readonly prune_inactive: boolean;
  readonly activate: string;
}

/** True when a task wishes something of the tree. */
export function wishesTree(want: TreeWish): boolean {
  return want.rollback_to !== undefined || changesTree(want);
}

function changesTree({ upgrade, deploy, rebase, rpms, rpms_src, overrides, kargs, initramfs }: TreeWish): boolean {
  const lists = [rpms, rpms_src, ...Object.values(overrides ?? {}), ...Object.values(kargs ?? {})];
  return (
    upgrade ||
    deploy !== undefined ||
    rebase !== undefined ||
    initramfs !== undefined ||
    lists.some((list) => (list ?? []).length > 0)
  );
}

function shares(one: readonly string[] | undefined, other: readonly string[] | undefined): boolean {
  return (one ?? []).some((name) => (other ?? []).includes(name));
}

/** Wishes about the tree that cannot stand together. */
export const TREE_RULES: readonly Rule<Wish>[] = [
  {
    at: 'upgrade',
    wrong: ({ upgrade, deploy }) => upgrade && deploy !== undefined,
    say: '"upgrade" goes to the newest image and "deploy" to a certain one: expected one of them',
  },
  {
    at: 'allow_downgrade',
    wrong: ({ upgrade, allow_downgrade: isAllowed }) => isAllowed && !upgrade,
    say: '"allow_downgrade" is for "upgrade"; "deploy" and "rebase" may go to an older image anyway',
  },
  {
    at: 'purge',
    wrong: ({ purge, rebase }) => !purge && rebase === undefined,
    say: '"purge" is for "rebase"',
  },
  {
    at: 'deploy',
    wrong: ({ deploy, rebase }) => deploy !== undefined && rebase !== undefined && isImage(rebase),
    say: 'an image is chosen by its tag or digest: write it into "rebase"',
  },
  {
    at: 'rollback_to',
    wrong: (want) =>
      want.rollback_to !== undefined &&
      (changesTree(want) || want.prune_inactive || (want.packages ?? []).length + (want.absent ?? []).length > 0),
    say: '"rollback_to" boots a deployment as it is: write other wishes into a task of their own',
  },
  {
    at: 'rollback_to',
    wrong: ({ rollback_to: to, activate }) => to !== undefined && activate !== 'reboot' && activate !== 'stage',
    say: 'a deployment cannot be rolled back to live: expected activate: reboot or stage',
  },
  {
    at: 'overrides',
    wrong: ({ overrides }) => shares(overrides?.remove, overrides?.reset),
    say: 'a package cannot be both removed and reset',
  },
  {
    at: 'overrides',
    wrong: ({ overrides }) =>
      overrides !== undefined &&
      overrides.reset.includes('all') &&
      overrides.reset.length + overrides.remove.length + overrides.replace.length > 1,
    say: '"reset: all" takes every override away: expected it alone',
  },
  {
    at: 'overrides',
    wrong: ({ overrides, packages }) => shares(overrides?.remove, packages),
    say: 'a package cannot be both taken out of the image and wished in "packages"',
  },
  ...KARGS_RULES,
  {
    at: 'initramfs',
    wrong: ({ initramfs }) => initramfs !== undefined && !initramfs.enable && initramfs.args.length > 0,
    say: '"args" are for an initramfs that is made on the host: expected enable: true',
  },
  {
    at: 'activate',
    wrong: ({ activate, kargs, initramfs }) => activate === 'live' && (kargs !== undefined || initramfs !== undefined),
    say: 'kernel arguments and the initramfs take a reboot: expected activate: reboot or stage',
  },
  {
    at: 'refresh_md',
    wrong: (want) => want.refresh_md && (want.packages ?? []).length === 0 && !changesTree(want),
    say: '"refresh_md" is for a task that changes packages; by itself it is "refresh_md" of rpm_ostree_maintenance',
  },
  {
    at: 'on_skew',
    wrong: (want) =>
      want.on_skew === 'upgrade' &&
      ((want.packages ?? []).length + (want.rpms ?? []).length + (want.rpms_src ?? []).length === 0 ||
        want.deploy !== undefined),
    say: '"on_skew: upgrade" is for layering packages on the newest image: expected "packages" or RPMs, and no "deploy"',
  },
];
