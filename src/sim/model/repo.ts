import { baseChecksum, buildOf, resolve, type Deployment, type Origin } from './deployment.ts';
import { imageOf } from './image.ts';
import { BUILDS } from './packages.ts';

/** The refs of a repository, as `REMOTE:BRANCH` or a branch of its own, with what they point at. */
export type Refs = ReadonlyMap<string, Commit>;

/** One commit of a ref: a build of what its remote publishes. */
export interface Commit {
  readonly checksum: string;
  readonly refspec: string;
  readonly version: string;
}

/** The refs of a host as it is found: what its deployments were pulled as. */
export function firstRefs([first]: readonly Deployment[]): Refs {
  return first === undefined ? new Map() : withOrigin(new Map(), first.origin);
}

/** The refs after a tool pulled what a deployment is made of; a container image has none. */
export function withOrigin(refs: Refs, { refspec, version }: Origin): Refs {
  return imageOf(refspec) === undefined ? new Map([...refs, [refspec, commitOf(refspec, version)]]) : refs;
}

/** The commit of one build. */
export function commitOf(refspec: string, version: string): Commit {
  const checksum = baseChecksum({ ...PLAIN, refspec, version });
  return { checksum, refspec, version };
}

const PLAIN = { pinnedBuild: false, requested: [], requestedLocal: [], removals: [] } as const;

/** All commits of a ref that its remote has, oldest first. */
export function publishedOf(refspec: string): readonly Commit[] {
  return BUILDS.map(({ version }) => commitOf(refspec, version));
}

/** Every commit the repository holds whole: those of its refs and those that are deployed. */
export function commitsOf(refs: Refs, deployments: readonly Deployment[]): readonly Commit[] {
  const deployed = deployments.map(({ origin }) => commitOf(origin.refspec, origin.version));
  return [...new Map([...refs.values(), ...deployed].map((one) => [one.checksum, one])).values()];
}

/** Checksums of every commit object: layered deployments have one of their own beside that of their base. */
export function objectsOf(refs: Refs, deployments: readonly Deployment[]): readonly string[] {
  const own = deployments.map(({ origin }) => resolve(origin).checksum);
  return [...new Set([...commitsOf(refs, deployments).map(({ checksum }) => checksum), ...own])];
}

/** The commit a ref, a checksum or `REF^` means here; undefined where there is none. */
export function findCommit(refs: Refs, deployments: readonly Deployment[], name: string): Commit | undefined {
  if (name.endsWith('^')) {
    const child = findCommit(refs, deployments, name.slice(0, -1));
    return child === undefined ? undefined : parentOf(child);
  }
  const pointed = refs.get(name);
  if (pointed !== undefined) return pointed;
  const commits = commitsOf(refs, deployments);
  const index = /^ostree\/1\/1\/(\d+)$/.exec(name)?.[1];
  const deployed = index === undefined ? undefined : deployments[Number(index)]?.checksum;
  return commits.find(({ checksum }) => checksum === (deployed ?? name));
}

/** The build before. */
export function parentOf({ refspec, version }: Commit): Commit | undefined {
  return publishedOf(refspec)[BUILDS.indexOf(buildOf(version)) - 1];
}
