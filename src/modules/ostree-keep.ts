/**
 * Options of "ostree prune" that keep so many commits of each ref, beside "--refs-only". ostree does not go on at a commit that it has come to
 * from another ref, so that it would keep less of a branch that another one has overtaken, by chance more or less: the branch ahead is
 * told to go as far back as the one behind may (seen with 2022.7). `parents` are those of the commits that are there.
 */
export function keepWords(
  keep: number,
  heads: ReadonlyMap<string, string>,
  parents: ReadonlyMap<string, string>,
): readonly string[] {
  const depth = keep - 1;
  const starts = new Set(heads.values());
  const longer = [...heads].flatMap(([ref, head]) => {
    const far = reach(head, depth, starts, parents);
    return far > depth ? [`--retain-branch-depth=${ref}=${far}`] : [];
  });
  return [`--depth=${depth}`, ...longer.toSorted()];
}

/** How many parents back from a commit, each start on the way having its own depth. */
function reach(head: string, depth: number, starts: ReadonlySet<string>, parents: ReadonlyMap<string, string>): number {
  let [steps, left, at] = [0, depth, parents.get(head)];
  while (at !== undefined && left > 0) {
    steps += 1;
    left = starts.has(at) ? depth : left - 1;
    at = parents.get(at);
  }
  return Math.max(steps, depth);
}
