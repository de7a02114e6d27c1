import type { DeploymentFact } from '../../core/facts.ts';
import type { Change } from '../../core/module.ts';
import { sourceOf, type Source } from '../ostree-names.ts';
import { applyKargs, isSameKargs, kargsDelta } from '../kargs.ts';
import type { Params } from './schema.ts';
import { firstOf, type Have } from './state.ts';

/** What must boot. */
export interface Target {
  readonly os: string;
  /** The ref it follows; empty for a commit alone. */
  readonly source: Source;
  /** Empty where only a pull can tell. */
  readonly commit: string;
  readonly mustPull: boolean;
}

/** A refusal of the plan. */
export type Refusal = Extract<Change, { refuse: string }>;

/** What a wish means on this host. With `wasTried` the steps have run, so that the repository has what the remote had. */
export function targetOf(want: Params, have: Have, wasTried: boolean): Target | Refusal {
  const os = want.os ?? have.ostree.booted.stateroot;
  const first = firstOf(have, os);
  if (first === undefined && want.deploy === undefined) {
    return { refuse: `the stateroot "${os}" has no deployment yet`, hint: 'say what must boot there: "deploy"' };
  }
  const followed = first === undefined ? '' : have.files.of(first).refspec;
  const source = sourceOf(want.deploy ?? followed);
  const fixed = fixedCommit(want, source, first);
  if (fixed !== '') return fixedTarget(fixed, { os, source }, have);
  const local = have.refs.get(source.ref) ?? '';
  if (source.remote === '') return localTarget(want, { os, source }, local, have);
  return want.upgrade && !wasTried
    ? newestTarget({ os, source }, local, have)
    : { os, source, commit: local, mustPull: local === '' };
}

/** The commit that is wished, not by a ref: empty where a ref tells. */
function fixedCommit({ deploy, upgrade }: Params, { commit }: Source, first: DeploymentFact | undefined): string {
  if (deploy !== undefined) return commit;
  return upgrade ? '' : (first?.checksum ?? '');
}

/** What the remote has newest, as far as its summary tells. */
function newestTarget({ os, source }: Pick<Target, 'os' | 'source'>, local: string, have: Have): Target {
  const commit = have.newest.get(source.ref) ?? '';
  return { os, source, commit, mustPull: commit === '' || commit !== local };
}

/** A certain commit: one that is there, or that its remote has. */
function fixedTarget(commit: string, { os, source }: Pick<Target, 'os' | 'source'>, have: Have): Target | Refusal {
  const isThere = have.hasCommit || have.ostree.deployments.some((one) => one.checksum === commit);
  if (!isThere && source.remote === '') {
    const hint = 'write REMOTE:BRANCH@COMMIT, so that it can be pulled';
    return { refuse: `the repository of the host does not have the commit ${commit}`, hint };
  }
  return { os, source, commit, mustPull: !isThere };
}

function localTarget(
  want: Params,
  { os, source }: Pick<Target, 'os' | 'source'>,
  commit: string,
  { refs }: Have,
): Target | Refusal {
  if (want.upgrade) {
    const followed = source.ref === '' ? 'no ref' : `"${source.ref}", which no remote brings`;
    return { refuse: `the host follows ${followed}: nothing can be pulled`, hint: 'name a ref: deploy: REMOTE:BRANCH' };
  }
  if (commit === '') {
    const found = [...refs.keys()].filter((ref) => !/^ostree\/\d/.test(ref)).join(', ') || 'none';
    return {
      refuse: `the repository has no ref "${source.ref}": found ${found}`,
      hint: 'a ref of a remote is written REMOTE:BRANCH',
    };
  }
  return { os, source, commit, mustPull: false };
}

/** True when a deployment is what must boot, by its files. */
export function isTarget(want: Params, have: Have, target: Target, one: DeploymentFact | undefined): boolean {
  if (one === undefined || one.stateroot !== target.os || one.checksum !== target.commit) return false;
  const { refspec, kargs = [] } = have.files.of(one);
  const isFollowing = want.deploy === undefined || target.source.ref === '' || refspec === target.source.ref;
  return isFollowing && isSameKargs(kargsDelta(kargsWish(want), kargs));
}

/** True when the running kernel has the wished arguments. The boot loader takes quotes away, so that it is compared without; what has a blank in it cannot be told there. */
export function runsWith(want: Params, running: readonly string[]): boolean {
  const { append, delete: gone, replace } = kargsWish(want);
  const plain = (list: readonly string[]): readonly string[] =>
    list.filter((token) => !token.includes(' ')).map((token) => token.replaceAll('"', ''));
  return isSameKargs(kargsDelta({ append: plain(append), delete: plain(gone), replace: plain(replace) }, running));
}

function kargsWish({ kargs }: Params): Parameters<typeof kargsDelta>[0] {
  const { append = [], delete: gone = [], replace = [] } = kargs ?? {};
  return { append, delete: gone, replace };
}

/** The whole of the arguments that a new deployment must have: those of what boots next, changed. */
export function wishedKargs(want: Params, have: Have, base: DeploymentFact | undefined): readonly string[] {
  const before = base === undefined ? [] : (have.files.of(base).kargs ?? []);
  return applyKargs(kargsDelta(kargsWish(want), before), before);
}
