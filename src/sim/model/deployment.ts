import { createHash } from 'node:crypto';
import { contentOf } from './image.ts';
import { BUILDS, CATALOGUE, nevra, packageOf, satisfies, type Build, type Package } from './packages.ts';

/** What a deployment was asked to be: what rpm-ostree keeps in its origin file. */
export interface Origin {
  readonly refspec: string;
  /** Version of the base build. */
  readonly version: string;
  /** The base stays on this build until the next plain `upgrade`. */
  readonly pinnedBuild: boolean;
  readonly requested: readonly string[];
  readonly requestedLocal: readonly string[];
  readonly removals: readonly string[];
  /** Packages, as `name-version-release.arch`, that stand in for those of the base. */
  readonly replacements?: readonly string[];
  /** Arguments of an initramfs that is made on the host; absent where that of the base is used. */
  readonly initramfs?: readonly string[];
  /** What the origin file names, where ostree deployed a commit that is not said by its ref. */
  readonly follows?: string | undefined;
}

/** One bootable tree with its place in the boot order. */
export interface Deployment {
  readonly osname: string;
  readonly checksum: string;
  readonly serial: number;
  readonly origin: Origin;
  readonly kargs: readonly string[];
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly staged: boolean;
  /** Staged, but a plain reboot does not apply it. */
  readonly locked: boolean;
  readonly pinned: boolean;
  readonly unlocked: 'none' | 'development' | 'hotfix' | 'transient';
  /** Checksum that is applied to the running tree; only on the booted deployment. */
  readonly live?: string;
  /** Checksum that a live apply was cut off on its way to. */
  readonly liveCut?: string;
  /** Staged so that its finalization removes no other deployment. */
  readonly retains?: boolean;
  /** The command line that made it. */
  readonly madeBy: string;
}

/** What an origin turns into: the packages really layered, and the requests the base meets already. */
export interface Tree {
  readonly checksum: string;
  readonly base: Build;
  readonly layered: readonly Package[];
  /** Requests that did not lead to a package, by request and the package that meets it. */
  readonly inactive: readonly { readonly request: string; readonly by: Package }[];
  /** Requests nothing meets. */
  readonly missing: readonly string[];
}

/** Stable identity on one host. */
export function idOf(deployment: Deployment): string {
  return `${deployment.osname}-${deployment.checksum}.${deployment.serial}`;
}

/** The build of a version; throws on one that was never published. */
export function buildOf(version: string): Build {
  const found = BUILDS.find((build) => build.version === version);
  if (found === undefined) throw new Error(`no build ${version}`);
  return found;
}

/** Checksum of a build without anything layered. */
export function baseChecksum(origin: Origin): string {
  return digest(['base', contentOf(origin.refspec), origin.version]);
}

/** Resolves an origin to the tree it gives; the same origin content gives the same checksum. */
export function resolve(origin: Origin, unavailable: readonly string[] = []): Tree {
  const base = buildOf(origin.version);
  const offered = CATALOGUE.filter((pkg) => !unavailable.includes(pkg.name));
  const replacing = (origin.replacements ?? []).map(packageOf);
  const kept = base.packages
    .filter((pkg) => !origin.removals.includes(pkg.name))
    .map((pkg) => replacing.find(({ name }) => name === pkg.name) ?? pkg);
  const layered = new Map<string, Package>();
  const inactive: { request: string; by: Package }[] = [];
  const missing: string[] = [];
  const queue = [...origin.requested];
  for (let request = queue.shift(); request !== undefined; request = queue.shift()) {
    const wanted = request;
    const inBase = kept.find((pkg) => satisfies(pkg, wanted));
    const found = offered.find((pkg) => satisfies(pkg, wanted));
    if (inBase !== undefined) inactive.push({ request, by: inBase });
    else if (found === undefined) missing.push(request);
    else if (!layered.has(found.name)) {
      layered.set(found.name, found);
      queue.push(...(found.requires ?? []));
    }
  }
  const packages = [...layered.values()].sort((a, b) => a.name.localeCompare(b.name));
  for (const local of origin.requestedLocal) packages.push(packageOf(local));
  const others = [
    ...(origin.replacements ?? []),
    ...(origin.initramfs === undefined ? [] : ['initramfs', ...origin.initramfs]),
  ];
  const plain = packages.length === 0 && origin.removals.length === 0 && others.length === 0;
  const content = [baseChecksum(origin), ...packages.map(nevra), ...origin.removals.map((name) => `-${name}`)];
  const checksum = plain ? baseChecksum(origin) : digest([...content, ...others]);
  return { checksum, base: { ...base, packages: kept }, layered: packages, inactive, missing };
}

/** All packages of a deployment's tree. */
export function packagesOf(origin: Origin): readonly Package[] {
  const tree = resolve(origin);
  return [...tree.base.packages, ...tree.layered];
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
