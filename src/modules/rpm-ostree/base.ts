import type { TreeFact, Update } from './tree-state.ts';

/** What is wished of the image under the layers. */
export interface BaseWish {
  readonly upgrade: boolean;
  readonly rebase?: string | undefined;
  readonly deploy?: string | undefined;
}

/** How the image must change. */
export type BaseMove =
  | { readonly do: 'upgrade' }
  | { readonly do: 'deploy'; readonly to: string }
  | { readonly do: 'rebase'; readonly to: string; readonly revision?: string };

/** What the decision is made from. */
export interface BaseView {
  readonly one: TreeFact;
  readonly booted: TreeFact;
  readonly update: Update;
  /** The steps have run: `came` for a deployment with the image that an upgrade brought, `old` for one without it. */
  readonly tried: 'no' | 'came' | 'old';
}

/** The way of a deployment's image to a wish; undefined when it is there. */
export function baseMove(want: BaseWish, view: BaseView): BaseMove | undefined {
  const { rebase, deploy } = want;
  if (rebase !== undefined && !isOrigin(view.one.origin, rebase)) {
    return { do: 'rebase', to: rebase, ...(deploy === undefined ? {} : { revision: deploy }) };
  }
  if (deploy !== undefined && !isRevision(view.one, deploy)) return { do: 'deploy', to: deploy };
  return want.upgrade && isBehind(view) ? { do: 'upgrade' } : undefined;
}

/** True when a deployment's image is of that version, commit or digest. */
export function isRevision(one: TreeFact, revision: string): boolean {
  return [one.baseVersion, one.baseChecksum, one.digest].includes(revision.replace(/^(?:version|revision)=/, ''));
}

function isBehind({ one, booted, update, tried }: BaseView): boolean {
  if (tried !== 'no') return tried === 'old';
  if (update === undefined || update === 'unknown') return true;
  if (update === 'none') return one.baseChecksum !== booted.baseChecksum;
  // What is cached is told of the booted deployment; one that was made since may have it.
  return one.id === booted.id || (one.id !== update.deployment && one.baseChecksum !== update.checksum);
}

/** True when a deployment follows that ref or image already; parts that rpm-ostree takes from where it is now may be left out. */
export function isOrigin(origin: string, wish: string): boolean {
  const [here, there] = [canonical(origin), canonical(wish)];
  if (here === there) return true;
  if (isImage(here) || isImage(there)) return false;
  const [remote, branch] = split(here);
  const [wishedRemote, wishedBranch] = split(there);
  return (wishedRemote ?? remote) === remote && (wishedBranch === '' ? branch : wishedBranch) === branch;
}

/** True for a container image, which has no branch. */
export function isImage(origin: string): boolean {
  return /^ostree-(?:un|image|remote)/.test(origin);
}

function split(ref: string): readonly [string | undefined, string] {
  const at = ref.indexOf(':');
  if (at === -1) return [undefined, ref];
  return [at === 0 ? undefined : ref.slice(0, at), ref.slice(at + 1)];
}

/** One spelling for what rpm-ostree understands in several. */
function canonical(origin: string): string {
  return origin
    .replace(/^ostree:\/\//, '')
    .replace(/^ostree-unverified-image:(?:docker:\/\/|registry:)/, 'ostree-unverified-registry:')
    .replace(/^ostree-remote-image:([^:]+):(?:docker:\/\/|registry:)/, 'ostree-remote-registry:$1:')
    .replace(/^ostree-image-signed:registry:/, 'ostree-image-signed:docker://');
}
