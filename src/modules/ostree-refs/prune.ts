import type { Change } from '../../core/module.ts';
import { keepWords } from '../ostree-keep.ts';
import type { Commit, Have } from './read.ts';
import type { Params, Prune } from './schema.ts';
import { pruneStep, type Piece } from './steps.ts';

type Refusal = Extract<Change, { readonly refuse: string }>;

/** What goes when the repository is pruned, refused where a deployment needs it. `now` is the clock of the host in seconds. */
export function prunePiece(want: Params, have: Have, now: number): Piece | Refusal {
  const { prune, absent } = want;
  if (prune === undefined) return { steps: [], diff: [] };
  const heads = new Map([...have.refs].filter(([ref]) => absent?.includes(ref) !== true));
  const kept = keptOf(prune, [...heads.values()], have.commits, now);
  const needed = have.deployed.find(({ commit }) => !kept.has(commit));
  if (needed !== undefined) {
    return {
      refuse: `a deployment is of the commit ${needed.commit}, which pruning would remove: no ref leads to it`,
      hint: 'what is staged is booted first, or dropped with "undeploy"; otherwise "ostree admin cleanup" on the host makes its ref',
    };
  }
  const all = have.commits.map(({ commit }) => commit);
  const left = all.filter((commit) => kept.has(commit));
  if (left.length === all.length) return { steps: [], diff: [] };
  return {
    steps: [pruneStep(want, all.length - left.length, rulesOf(prune, heads, have.commits, now))],
    diff: [{ label: `commits of ${want.repo}`, before: listed(all), after: listed(left) }],
  };
}

/** The options of "ostree prune". With a time it does not look at a number, and the other way round. */
function rulesOf(
  { keep = 1, keep_younger_than: age }: Prune,
  heads: ReadonlyMap<string, string>,
  commits: readonly Commit[],
  now: number,
): readonly string[] {
  if (age !== undefined) return [`--keep-younger-than=@${since(age, now)}`];
  return keepWords(
    keep,
    heads,
    new Map(commits.flatMap(({ commit, parent }) => (parent === '' ? [] : [[commit, parent]]))),
  );
}

function since(ageMs: number, now: number): number {
  return Math.floor(now - ageMs / 1000);
}

/** Commits that stay, by ostree's own rules: the newest of each ref, and those before it up to the first that is too old. */
function keptOf(
  { keep = 1, keep_younger_than: age }: Prune,
  heads: readonly string[],
  commits: readonly Commit[],
  now: number,
): ReadonlySet<string> {
  const byName = new Map(commits.map((one) => [one.commit, one]));
  const kept = new Set<string>();
  for (const head of heads) {
    kept.add(head);
    let one = byName.get(head);
    for (let count = 0; one !== undefined; count += 1) {
      const stays = age === undefined ? count < keep : one.time >= since(age, now);
      if (!stays) break;
      kept.add(one.commit);
      one = byName.get(one.parent);
    }
  }
  return kept;
}

function listed(commits: readonly string[]): string {
  return commits
    .toSorted()
    .map((commit) => `${commit}\n`)
    .join('');
}
