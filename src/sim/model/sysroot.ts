import { idOf, type Deployment } from './deployment.ts';

/** All deployments of a host in boot order (the first boots next) and which one runs. */
export interface Sysroot {
  readonly deployments: readonly Deployment[];
  readonly bootedId: string;
}

/** The running deployment. */
export function bootedOf(sysroot: Sysroot): Deployment {
  const booted = sysroot.deployments.find((deployment) => idOf(deployment) === sysroot.bootedId);
  if (booted === undefined) throw new Error(`the booted deployment ${sysroot.bootedId} is gone`);
  return booted;
}

/** The deployment whose files are in use: one that was applied live, else the booted one. */
export function runningOf(sysroot: Sysroot): Deployment {
  const booted = bootedOf(sysroot);
  return sysroot.deployments.find(({ checksum }) => checksum === booted.live) ?? booted;
}

/** The deployment new work builds on: the first in boot order. */
export function mergeBase(sysroot: Sysroot): Deployment {
  return sysroot.deployments[0] ?? bootedOf(sysroot);
}

/** The first deployment after the booted one. */
export function rollbackOf(sysroot: Sysroot): Deployment | undefined {
  const at = sysroot.deployments.findIndex((deployment) => idOf(deployment) === sysroot.bootedId);
  return sysroot.deployments[at + 1];
}

/** The serial a new deployment of this checksum gets in its stateroot; one that is staged is still there when it is asked for. */
export function nextSerial(
  { deployments }: Sysroot,
  { osname, checksum }: Pick<Deployment, 'osname' | 'checksum'>,
): number {
  const same = deployments.filter((one) => one.osname === osname && one.checksum === checksum);
  const taken = same.map(({ serial }) => serial);
  return taken.length === 0 ? 0 : Math.max(...taken) + 1;
}

/** Puts a staged deployment first; an earlier staged one is replaced. */
export function stage(sysroot: Sysroot, deployment: Deployment): Sysroot {
  const others = sysroot.deployments.filter((one) => !one.staged);
  return { ...sysroot, deployments: [{ ...deployment, staged: true }, ...others] };
}

/**
 * What ostree does at shutdown: the staged deployment becomes an ordinary one, first in boot order. A locked one stays staged for
 * nobody: it is dropped with the boot.
 */
export function finalize(sysroot: Sysroot): Sysroot {
  const [first, ...others] = sysroot.deployments;
  if (first?.staged !== true) return sysroot;
  if (first.locked) return { ...sysroot, deployments: others };
  const { retains = false, ...deployment } = first;
  return add(sysroot, { ...deployment, staged: false }, { retains, isDefault: true });
}

/** How a deployment comes into the boot order. */
export interface Adding {
  /** Every other deployment stays. */
  readonly retains: boolean;
  /** It boots next; it comes after the booted one otherwise. */
  readonly isDefault: boolean;
}

/** Adds a finished deployment. Beside it stay the booted one, the pinned ones and those of other stateroots; a staged one is dropped. */
export function add(sysroot: Sysroot, deployment: Deployment, { retains, isDefault }: Adding): Sysroot {
  const others = sysroot.deployments.filter((one) => !one.staged);
  const isMerge = (one: Deployment): boolean =>
    one.osname !== bootedOf(sysroot).osname && one === others.find(({ osname }) => osname === one.osname);
  const kept = others.filter(
    (one) =>
      retains || one.pinned || one.osname !== deployment.osname || idOf(one) === sysroot.bootedId || isMerge(one),
  );
  const at = isDefault ? 0 : kept.findIndex((one) => idOf(one) === sysroot.bootedId) + 1;
  return { ...sysroot, deployments: kept.toSpliced(at, 0, deployment) };
}

/** Takes a deployment out of the boot order. */
export function remove(sysroot: Sysroot, id: string): Sysroot {
  return { ...sysroot, deployments: sysroot.deployments.filter((one) => idOf(one) !== id) };
}

/** Drops the staged deployment, as power loss or a failed finalization does. */
export function dropStaged(sysroot: Sysroot): Sysroot {
  return { ...sysroot, deployments: sysroot.deployments.filter((one) => !one.staged) };
}

/** Boots a deployment: what was applied live is gone. */
export function boot(sysroot: Sysroot, id: string): Sysroot {
  const deployments = sysroot.deployments.map(({ live: _live, liveCut: _cut, ...one }) =>
    one.unlocked === 'hotfix' ? one : { ...one, unlocked: 'none' as const },
  );
  return { deployments, bootedId: id };
}

/** Moves a deployment to the front of the boot order. */
export function putFirst(sysroot: Sysroot, id: string): Sysroot {
  const chosen = sysroot.deployments.filter((one) => idOf(one) === id);
  return { ...sysroot, deployments: [...chosen, ...sysroot.deployments.filter((one) => idOf(one) !== id)] };
}

/** Removes what comes before (`pending`) or after (`rollback`) the booted deployment; pinned ones stay. */
export function cleanup(sysroot: Sysroot, what: { readonly pending: boolean; readonly rollback: boolean }): Sysroot {
  const booted = sysroot.deployments.findIndex((one) => idOf(one) === sysroot.bootedId);
  const deployments = sysroot.deployments.filter(
    (one, at) => at === booted || one.pinned || (at < booted ? !what.pending : !what.rollback),
  );
  return { ...sysroot, deployments };
}

/** Changes one deployment. */
export function change(sysroot: Sysroot, id: string, changes: Partial<Deployment>): Sysroot {
  const deployments = sysroot.deployments.map((one) => (idOf(one) === id ? { ...one, ...changes } : one));
  return { ...sysroot, deployments };
}
