import type { Answers, Questions } from '../../core/answer.ts';
import { script, withOptions } from '../../core/command.ts';
import type { DeploymentFact, OstreeFacts } from '../../core/facts.ts';
import { sourceOf } from '../ostree-names.ts';
import { LIST_REFS, linesOf, refsIn } from '../ostree-repository.ts';
import { readUpdaters, TELL_UPDATERS, type Updaters } from '../other-updaters.ts';
import { filesQuestion, readFiles, readStatus, statusQuestion, type SysrootFiles } from '../ostree-sysroot.ts';
import { readTool, toolQuestion, type Tool } from '../ostree-tool.ts';
import { wishesBoot, wishesTree, type Params } from './schema.ts';

/** What `ostree` knows of a host. */
export interface Have {
  readonly ostree: OstreeFacts;
  readonly files: SysrootFiles;
  readonly tool: Tool;
  readonly around: Updaters;
  /** Commits of the refs of the system's repository. */
  readonly refs: ReadonlyMap<string, string>;
  /** The commit that was asked for is there, whole. */
  readonly hasCommit: boolean;
  /** Commits of the refs of the remotes, as far as they tell. */
  readonly newest: ReadonlyMap<string, string>;
}

const REFS = `${LIST_REFS}if [ -n "$1" ]; then
  rest=\${1#??}
  object="/ostree/repo/objects/\${1%"$rest"}/$rest.commit"
  if [ -e "$object" ] && [ ! -e "/ostree/repo/state/$1.commitpartial" ]; then echo has-commit; fi
fi
list_refs`;

// The summary of a remote lists its refs; one that has none tells nothing, which is no mistake.
const NEWEST = `remotes=$(sed -n 's/^[a-z]*refspec=\\([^:]*\\):.*/\\1/p' /ostree/deploy/*/deploy/*.origin 2>/dev/null)
for remote in $(printf '%s\\n' $remotes "$1" | sort -u); do ostree remote refs --revision "$remote" 2>/dev/null; done
:`;

/** Two minutes: slow servers are asked for their summary. */
const NEWEST_MS = 2 * 60_000;

/** The questions of the module. */
export function ask(want: Params): Questions {
  const source = sourceOf(want.deploy ?? '');
  return {
    status: statusQuestion(),
    files: filesQuestion(),
    ...(wishesBoot(want) ? { around: script(TELL_UPDATERS) } : {}),
    ...(toolVerbs(want) === undefined ? {} : { tool: toolQuestion(...(toolVerbs(want) ?? [])) }),
    ...(wishesTree(want) ? { refs: script(REFS, source.commit) } : {}),
    ...(want.upgrade ? { newest: withOptions(script(NEWEST, source.remote), { timeoutMs: NEWEST_MS }) } : {}),
  };
}

/** Verbs whose options matter for a wish; undefined where nothing has to be asked. */
function toolVerbs(want: Params): readonly string[] | undefined {
  if (wishesTree(want)) return ['deploy'];
  if (want.unlock !== undefined) return ['unlock'];
  const lists = [want.pinned, want.unpinned, want.undeploy];
  return want.set_default !== undefined || lists.some((list) => list !== undefined) ? [] : undefined;
}

/** What the answers mean. */
export function read(answers: Answers): Have {
  const ostree = readStatus(answers['status']);
  const [first = '', ...others] = linesOf(answers['refs']);
  const hasCommit = first === 'has-commit';
  return {
    ostree,
    files: readFiles(answers['files'], ostree),
    tool: readTool(answers['tool']),
    around: readUpdaters(answers['around']),
    refs: refsIn(hasCommit ? others : [first, ...others]),
    hasCommit,
    newest: refsIn(linesOf(answers['newest'])),
  };
}

/** The deployment that boots next of a stateroot; the booted one where nothing is said. */
export function firstOf({ ostree }: Have, os: string | undefined): DeploymentFact | undefined {
  return ostree.deployments.find((one) => one.stateroot === (os ?? ostree.booted.stateroot));
}
