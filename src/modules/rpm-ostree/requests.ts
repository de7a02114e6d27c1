import type { DeploymentFact } from '../../core/facts.ts';
import type { Params } from './schema.ts';
import { nameOf } from './nevra.ts';
import { provides, type Have } from './state.ts';
import { isSameTree, treeDelta, type TreeDelta } from './tree-delta.ts';

/** What must change in the requests of a deployment, as rpm-ostree writes them. */
export interface Delta {
  readonly add: readonly string[];
  readonly drop: readonly string[];
  /** Packages that are to be absent but do not come from a request that could be dropped. */
  readonly stuck: readonly string[];
  readonly tree: TreeDelta;
}

/** The difference between a deployment and a wish. With `wasTried` the steps have run. */
export function deltaOf(want: Params, have: Have, one: DeploymentFact, wasTried: boolean): Delta {
  const tree = treeDelta(want, have, one, wasTried);
  const absent = want.absent ?? [];
  const leaving = [
    ...one.requested_packages.filter((request) => absent.includes(request)),
    ...one.local_packages.filter((nevra) => absent.includes(nevra) || absent.includes(nameOf(nevra))),
  ];
  const pruned = want.prune_inactive ? inactive(one).filter((request) => !isKept(want, have, one, request)) : [];
  // What is there only because of a package that leaves would go with it, so it is requested then.
  const mayRely = want.request === 'missing' && (want.prune_inactive || leaving.length === 0);
  const add = (want.packages ?? []).filter((name) => {
    return !hasRequest(one, name) && !(mayRely && provides(have, one, name));
  });
  const stuck = absent.filter((name) => !isActive(one, name) && provides(have, one, name));
  return { add, drop: [...new Set([...leaving, ...pruned, ...tree.superseded])], stuck, tree };
}

/** True when nothing must change. */
export function isSatisfied(delta: Delta): boolean {
  return delta.add.length + delta.drop.length + delta.stuck.length === 0 && isSameTree(delta.tree);
}

/** Requests that the image fulfils by itself. */
export function inactive(one: DeploymentFact): readonly string[] {
  return one.requested_packages.filter((request) => !one.packages.includes(request));
}

/** A request that is wished stays unless the image is known to make up for it. */
function isKept(want: Params, have: Have, one: DeploymentFact, request: string): boolean {
  const isWished = (want.packages ?? []).includes(request);
  return isWished && (want.request === 'all' || !provides(have, one, request));
}

function hasRequest(one: DeploymentFact, name: string): boolean {
  return (
    one.requested_packages.includes(name) ||
    one.local_packages.some((nevra) => nevra === name || nameOf(nevra) === name)
  );
}

/** There because of a request, so that dropping the request removes it. */
function isActive(one: DeploymentFact, name: string): boolean {
  return one.packages.includes(name) || one.local_packages.some((nevra) => nevra === name || nameOf(nevra) === name);
}
