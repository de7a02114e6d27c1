import { bootcId, type BootcEntry, type BootcHost } from '../../facts/bootc.ts';

/** One build of an image. */
interface Build {
  readonly digest: string;
  readonly version: string;
}

/** A deployment and the image it was made from; texts are empty where it was made from none. */
export interface Deployed extends Build {
  readonly id: string;
  readonly checksum: string;
  readonly image: string;
  readonly transport: string;
  /** The policy for signatures was demanded of the image. */
  readonly isSigned: boolean;
  /** Another build of the same tag, as the last look found it. */
  readonly newer: Build | undefined;
  /** rpm-ostree changed it: packages, overrides or the like. */
  readonly isLayered: boolean;
  /** Staged, and no boot applies it. */
  readonly isKept: boolean;
  readonly canSoftReboot: boolean;
  readonly isComposefs: boolean;
}

/** Stands for a deployment that is not there. */
export const NO_DEPLOYED: Deployed = {
  id: '',
  checksum: '',
  digest: '',
  version: '',
  image: '',
  transport: '',
  isSigned: false,
  newer: undefined,
  isLayered: false,
  isKept: false,
  canSoftReboot: false,
  isComposefs: false,
};

/** The deployments of a host by what they are to bootc. */
export interface Host {
  readonly staged: Deployed | undefined;
  readonly booted: Deployed | undefined;
  readonly rollback: Deployed | undefined;
  readonly others: readonly Deployed[];
  readonly rollbackQueued: boolean;
}

/** The deployments in what bootc tells. */
export function hostOf({ status }: BootcHost): Host {
  const { staged, booted, rollback, otherDeployments, rollbackQueued } = status;
  return {
    staged: staged ? deployedOf(staged) : undefined,
    booted: booted ? deployedOf(booted) : undefined,
    rollback: rollback ? deployedOf(rollback) : undefined,
    others: (otherDeployments ?? []).map(deployedOf),
    rollbackQueued,
  };
}

/** The deployment that a plain reboot boots, or would if it were not kept from it. */
export function firstOf({ staged, booted, rollback, rollbackQueued }: Host): Deployed | undefined {
  return staged ?? (rollbackQueued ? rollback : undefined) ?? booted;
}

function deployedOf(entry: BootcEntry): Deployed {
  const { image, cachedUpdate, ostree, composefs } = entry;
  const build = buildOf(image);
  const newer = buildOf(cachedUpdate);
  return {
    ...build,
    id: bootcId(entry),
    checksum: ostree?.checksum ?? composefs?.verity ?? '',
    image: image?.image.image ?? '',
    transport: image?.image.transport ?? '',
    isSigned: image?.image.signature === 'containerPolicy',
    newer: newer.digest === '' || newer.digest === build.digest ? undefined : newer,
    isLayered: entry.incompatible,
    isKept: entry.downloadOnly,
    canSoftReboot: entry.softRebootCapable,
    isComposefs: !!composefs,
  };
}

function buildOf(image: BootcEntry['image']): Build {
  return { digest: image?.imageDigest ?? '', version: image?.version ?? '' };
}
