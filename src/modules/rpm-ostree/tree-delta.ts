import type { DeploymentFact } from '../../core/facts.ts';
import { baseMove, type BaseMove } from './base.ts';
import { isSameKargs, kargsDelta, type KargsDelta } from '../kargs.ts';
import { isSameOverrides, overridesDelta, type OverridesDelta } from './overrides.ts';
import type { TreeWish } from './tree-schema.ts';
import { rpmsDelta, type Rpm } from './rpms.ts';
import type { Have } from './state.ts';
import { treeFact } from './tree-state.ts';

/** What must change in a deployment beside its requests. */
export interface TreeDelta {
  readonly move?: BaseMove;
  readonly rpms: readonly Rpm[];
  /** NEVRAs of local RPMs that give way to another build. */
  readonly superseded: readonly string[];
  readonly overrides: OverridesDelta;
  readonly kargs: KargsDelta;
  readonly initramfs?: { readonly enable: boolean; readonly args: readonly string[] };
}

/** The difference between a deployment and a wish, beside the requests. With `wasTried` the steps have run. */
export function treeDelta(want: TreeWish, have: Have, one: DeploymentFact, wasTried: boolean): TreeDelta {
  const { tree, ostree, rpms } = have;
  const fact = treeFact(tree, one);
  const booted = treeFact(tree, ostree.booted);
  const first = ostree.deployments.find(({ stateroot }) => stateroot === ostree.booted.stateroot) ?? ostree.booted;
  const has = one.id === first.id || fact.baseChecksum === treeFact(tree, first).baseChecksum;
  const came = has ? 'came' : 'old';
  const move = baseMove(want, { one: fact, booted, update: tree.update, tried: wasTried ? came : 'no' });
  const { add, drop } = rpmsDelta(rpms.layered, one.local_packages);
  const isNext = one.id === first.id;
  return {
    ...(move === undefined ? {} : { move }),
    rpms: add,
    superseded: drop,
    overrides: overridesDelta(want.overrides, rpms.replacing, fact),
    kargs: kargsDelta(kargsWish(want, isNext), isNext ? tree.kargs.next : tree.kargs.running),
    ...(want.initramfs === undefined || isSameInitramfs(want.initramfs, fact) ? {} : { initramfs: want.initramfs }),
  };
}

/** The boot loader takes quotes away, so that the running kernel is compared without. */
function kargsWish({ kargs }: TreeWish, isNext: boolean): Parameters<typeof kargsDelta>[0] {
  const plain = (list: readonly string[] = []): readonly string[] =>
    isNext ? list : list.map((token) => token.replaceAll('"', ''));
  return { append: plain(kargs?.append), delete: plain(kargs?.delete), replace: plain(kargs?.replace) };
}

function isSameInitramfs(
  { enable, args }: NonNullable<TreeWish['initramfs']>,
  one: { readonly initramfs: boolean; readonly initramfsArgs: readonly string[] },
): boolean {
  return enable === one.initramfs && (!enable || args.join('\n') === one.initramfsArgs.join('\n'));
}

/** True when nothing must change. */
export function isSameTree({ move, rpms, superseded, overrides, kargs, initramfs }: TreeDelta): boolean {
  return (
    move === undefined &&
    initramfs === undefined &&
    rpms.length + superseded.length === 0 &&
    isSameOverrides(overrides) &&
    isSameKargs(kargs)
  );
}
