import type { DeploymentFact, OstreeFacts } from '../core/facts.ts';

/** Stands for the booted deployment on a host that was not booted by ostree. */
export const NO_DEPLOYMENT: DeploymentFact = {
  id: '',
  checksum: '',
  base_checksum: '',
  version: '',
  origin: '',
  booted: false,
  staged: false,
  pinned: false,
  locked: false,
  stateroot: '',
  requested_packages: [],
  packages: [],
  local_packages: [],
  live: '',
};

/** The facts of a host without deployments. */
export const NO_OSTREE: OstreeFacts = {
  tool: 'none',
  deployments: [],
  booted: NO_DEPLOYMENT,
  pending: false,
  busy: false,
  driver: '',
};

/** Facts from deployments in boot order; of none, `tool` is none. Identity is the id: a change of kernel arguments keeps the checksum. */
export function orderedFacts(tool: OstreeFacts['tool'], deployments: readonly DeploymentFact[]): OstreeFacts {
  if (deployments.length === 0) return NO_OSTREE;
  const booted = deployments.find((one) => one.booted) ?? NO_DEPLOYMENT;
  const next = bootsNext(deployments);
  return {
    ...NO_OSTREE,
    tool,
    deployments: [...deployments],
    booted,
    pending: next !== undefined && next.id !== booted.id,
  };
}

/** The deployment that a plain reboot boots: the first one whose finalization is not locked. */
export function bootsNext(deployments: readonly DeploymentFact[]): DeploymentFact | undefined {
  return deployments.find((one) => !one.locked);
}
