import type { Answer } from '../core/answer.ts';
import { COMMIT } from './ostree-names.ts';

/** Where the repository of the system itself lies. */
export const SYSTEM_REPO = '/ostree/repo';

/** True for the repository of the system. */
export function isSystem(repo: string): boolean {
  return [SYSTEM_REPO, '/sysroot/ostree/repo'].includes(repo);
}

/** The words that tell ostree which repository is meant; none for that of the system, which it finds and opens by itself. */
export function repoWords(repo: string): readonly string[] {
  return isSystem(repo) ? [] : [`--repo=${repo}`];
}

/**
 * Shell function `list_refs [--repo=PATH]`: each ref and its commit, with a tab between, for `refsIn`. It fails where ostree cannot tell
 * them. Versions before 2023 do not print commits beside refs.
 */
export const LIST_REFS = `list_refs() {
  ostree refs "$@" --list --revision 2>/dev/null && return
  list=$(ostree refs "$@" --list) || return
  for ref in $list; do printf '%s\\t%s\\n' "$ref" "$(ostree rev-parse "$@" "$ref")"; done
}
`;

/** Commits by ref, of lines as `list_refs` and "ostree remote refs --revision" print them. */
export function refsIn(lines: readonly string[]): ReadonlyMap<string, string> {
  const pairs = lines.map((line) => line.split('\t'));
  return new Map(pairs.flatMap(([ref = '', commit = '']) => (COMMIT.test(commit) ? [[ref, commit]] : [])));
}

/** The lines of an answer; none where nothing was asked. */
export function linesOf(answer: Answer | undefined): readonly string[] {
  return (answer?.stdout ?? '').split('\n');
}
