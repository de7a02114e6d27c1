import { createHash } from 'node:crypto';
import { BUILDS } from './packages.ts';

/** A container image that a host follows. */
export interface ImageName {
  /** `NAME:TAG` or `NAME@sha256:DIGEST`. */
  readonly name: string;
  readonly transport: string;
  /** The policy for signatures is demanded. */
  readonly isSigned: boolean;
}

/** An image as the origin of a deployment writes it. */
export function refspecOf({ name, transport, isSigned }: ImageName): string {
  if (isSigned) return `ostree-image-signed:${transport === 'registry' ? 'docker://' : `${transport}:`}${name}`;
  return transport === 'registry'
    ? `ostree-unverified-registry:${name}`
    : `ostree-unverified-image:${transport}:${name}`;
}

/** The image in the origin of a deployment; undefined for an ostree ref. */
export function imageOf(refspec: string): ImageName | undefined {
  const [, scheme = '', rest = ''] =
    /^ostree-(image-signed|unverified-registry|unverified-image|remote-registry:[^:]+):(.*)$/.exec(refspec) ?? [];
  if (scheme === '') return undefined;
  const isSigned = scheme === 'image-signed';
  const [, transport, name] = /^(containers-storage|oci|oci-archive|docker-daemon):(.*)$/.exec(rest) ?? [];
  return { name: name ?? rest.replace(/^(?:docker:\/\/|registry:)/, ''), transport: transport ?? 'registry', isSigned };
}

/** What a deployment is made of: the same for every tag and digest of an image. */
export function contentOf(refspec: string): string {
  const image = imageOf(refspec);
  return image === undefined ? refspec : repositoryOf(image.name);
}

/** Digest of one build of an image. */
export function digestOf(name: string, version: string): string {
  return `sha256:${createHash('sha256')
    .update(`${repositoryOf(name)} ${version}`)
    .digest('hex')}`;
}

/** Version of the build that a name means now: that of its digest, that of a tag which is a version, else the newest. */
export function versionNamed(name: string): string | undefined {
  const versions = BUILDS.map(({ version }) => version);
  const [, digest] = /@(sha256:[0-9a-f]+)$/.exec(name) ?? [];
  if (digest !== undefined) return versions.find((version) => digestOf(name, version) === digest);
  const [, tag = 'latest'] = /:([^/:@]+)$/.exec(name) ?? [];
  if (/^\d+\.\d{8}/.test(tag)) return versions.find((version) => version === tag);
  return tag === 'no-such-tag' ? undefined : versions.at(-1);
}

/** True where the registry lets nobody in. */
export function isPrivate(name: string): boolean {
  return repositoryOf(name).includes('/private/');
}

function repositoryOf(name: string): string {
  return name.replace(/@sha256:[0-9a-f]+$/, '').replace(/:[^/:]*$/, '');
}
