import { script } from '../core/command.ts';
import type { TransactionStep } from '../core/step.ts';
import { isSystem } from './ostree-repository.ts';
import { ostreeStep } from './ostree-tool.ts';

/** What is pulled. */
export interface Pulling {
  readonly remote: string;
  /** BRANCH, or BRANCH@COMMIT. */
  readonly what: string;
  /** What is there already may be newer. */
  readonly mayBeOlder: boolean;
  /** The repository; that of the system when nothing is said. */
  readonly repo?: string;
  /** Commit the branch is at; the step changes nothing when it still is afterwards. */
  readonly from?: string;
}

/** Ends so where the branch brought nothing new. */
const UNCHANGED = 77;

// The check against an older commit came in 2018; before, ostree takes what there is.
const PULL = `remote=$1 what=$2 age=$3 from=\${4-} repo=\${5-}
set -- \${repo:+"--repo=$repo"}
at() { ostree rev-parse \${repo:+"--repo=$repo"} "$remote:$what"; }
[ "$age" = older-too ] || ! ostree pull --help 2>/dev/null | grep -q -e --timestamp-check || set -- "$@" --timestamp-check
[ -n "$from" ] || exec ostree pull "$@" "$remote" "$what"
ostree pull "$@" "$remote" "$what" || exit
[ "$(at)" != "$from" ] || exit ${UNCHANGED}`;

/** Brings a branch, or a certain commit of it, from its remote. */
export function pullStep(
  want: { readonly busy_timeout: number },
  { remote, what, mayBeOlder, repo = '', from = '' }: Pulling,
): TransactionStep {
  const more = isSystem(repo) || repo === '' ? [from] : [from, repo];
  const words = more.some((word) => word !== '') ? more : [];
  const command = script(PULL, remote, what, mayBeOlder ? 'older-too' : 'newer', ...words);
  return {
    ...ostreeStep(want, `pull ${remote}:${what}`, command),
    ...(from === '' ? {} : { unchangedCodes: [UNCHANGED] }),
  };
}
