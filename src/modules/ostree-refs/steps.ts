import { cmd } from '../../core/command.ts';
import type { Diff } from '../../core/module.ts';
import type { Step, TransactionStep } from '../../core/step.ts';
import { repoWords } from '../ostree-repository.ts';
import { explainOstree, ostreeStep } from '../ostree-tool.ts';

/** Steps, and what a person reads of them. */
export interface Piece {
  readonly steps: readonly Step[];
  readonly diff: readonly Diff[];
}

/** Makes a ref, or moves it, to a commit that is there. "refs --create" moves none before 2018; "reset" makes none. */
export function pointStep(repo: string, ref: string, commit: string, isThere: boolean): Step {
  const command = isThere
    ? cmd('ostree', 'reset', ...repoWords(repo), ref, commit)
    : cmd('ostree', 'refs', ...repoWords(repo), `--create=${ref}`, commit);
  return {
    do: 'run',
    say: `${isThere ? 'move' : 'make'} ${ref} to ${commit.slice(0, 10)}`,
    command,
    explain: explainOstree,
  };
}

/** Makes an alias, or lets it lead elsewhere. */
export function aliasStep(repo: string, name: string, target: string): Step {
  const command = cmd('ostree', 'refs', ...repoWords(repo), '--alias', `--create=${name}`, target);
  return { do: 'run', say: `let ${name} lead to ${target}`, command, explain: explainOstree };
}

/** Removes a ref or an alias. ostree takes the name for a beginning too, but below a ref there can be no other. */
export function deleteStep(repo: string, name: string): Step {
  const command = cmd('ostree', 'refs', ...repoWords(repo), '--delete', name);
  return { do: 'run', say: `remove the ref ${name}`, command, explain: explainOstree };
}

/** Removes what no ref leads to under the rules that the options tell. */
export function pruneStep(
  want: { readonly repo: string; readonly busy_timeout: number },
  count: number,
  rules: readonly string[],
): TransactionStep {
  const say = `remove ${count} commit${count === 1 ? '' : 's'} from ${want.repo}`;
  const command = cmd('ostree', 'prune', ...repoWords(want.repo), '--refs-only', ...rules);
  return { ...ostreeStep(want, say, command), destroys: [want.repo] };
}
