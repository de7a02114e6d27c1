import type { Answers, Questions } from '../../core/answer.ts';
import { script, withOptions } from '../../core/command.ts';
import { fault } from '../../core/problem.ts';
import { sourceOf } from '../ostree-names.ts';
import { LIST_REFS, linesOf, refsIn, repoWords } from '../ostree-repository.ts';
import type { Params, Prune } from './schema.ts';

/** A commit that lies in the repository. */
export interface Commit {
  readonly commit: string;
  /** Empty where it has none, or where nobody asked. */
  readonly parent: string;
  /** Seconds; 0 where nobody asked. */
  readonly time: number;
}

/** A deployment whose commit lies in the repository. */
export interface Deployed {
  readonly commit: string;
  /** The ref it follows; empty where it follows none. */
  readonly follows: string;
}

/** What `ostree_refs` knows of a repository. */
export interface Have {
  readonly isThere: boolean;
  readonly refs: ReadonlyMap<string, string>;
  /** What aliases lead to, by name. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Commits that were asked for and are there, whole. */
  readonly whole: readonly string[];
  readonly deployed: readonly Deployed[];
  /** All of them, where something is to be pruned. */
  readonly commits: readonly Commit[];
  /** The clock of the host in seconds. */
  readonly now: number;
  /** Newest commits of the refs of remotes, as far as those tell. */
  readonly newest: ReadonlyMap<string, string>;
}

// What ostree prints of a commit begins with labels that no locale changes. Deployments belong to the repository beside them.
const ASK = `command -v ostree >/dev/null 2>&1 || exit 127
LC_ALL=C; export LC_ALL
${LIST_REFS}r=$1 prune=$2 option=$3; shift 3
commits() {
  find "$r/objects" -name '*.commit' | sed -n 's|^.*/\\(..\\)/\\([0-9a-f]\\{62\\}\\)\\.commit$|\\1\\2|p'
}
told() {
  while read -r c; do
    [ "$prune" = heads ] || p=$(ostree rev-parse \${option:+"$option"} "$c^" 2>/dev/null) || p=
    [ "$prune" != times ] || t=$(ostree show \${option:+"$option"} "$c" | sed -n 's/^Date: *//p' | head -n 1)
    echo "commit $c \${p:--} \${t:--}"
  done
}
[ -f "$r/config" ] && [ -d "$r/objects" ] || { echo 'absent'; exit 0; }
found=$(list_refs \${option:+"$option"}) || exit 3
printf '%s\\n' "$found" | sed 's/^/ref /'
find "$r/refs/heads" -type l 2>/dev/null | while read -r f; do echo "alias \${f#"$r/refs/heads/"} $(readlink "$f")"; done
for c; do
  rest=\${c#??}
  if [ -e "$r/objects/\${c%"$rest"}/$rest.commit" ] && [ ! -e "$r/state/$c.commitpartial" ]; then echo "whole $c"; fi
done
case $r in */ostree/repo)
  for f in "\${r%/repo}"/deploy/*/deploy/*.origin; do
    [ -f "$f" ] || continue
    c=\${f##*/}
    echo "deployed \${c%%.*} $(sed -n 's/^[a-z]*refspec=//p' "$f" | head -n 1)"
  done
esac
[ -z "$prune" ] || commits | told
echo "now $(date +%s)"`;

// The summary of a remote lists its refs; one that has none tells nothing, which is no mistake.
const NEWEST = `option=$1; shift
for remote; do ostree remote refs \${option:+"$option"} --revision "$remote" 2>/dev/null; done
:`;

/** Two minutes: slow servers are asked for their summary, and slow disks for their commits. */
const SLOW = { timeoutMs: 120_000 };

/** The questions of the module. */
export function ask(want: Params): Questions {
  const sources = (want.refs ?? []).map(sourceOf);
  const wished = sources.flatMap(({ commit }) => (commit === '' ? [] : [commit]));
  const [option = ''] = repoWords(want.repo);
  const remotes = sources.flatMap(({ remote, commit }) => (commit === '' ? [remote] : []));
  return {
    repo: withOptions(script(ASK, want.repo, askedOf(want.prune), option, ...wished), SLOW),
    ...(want.update ? { newest: withOptions(script(NEWEST, option, ...new Set(remotes)), SLOW) } : {}),
  };
}

/** What must be known of each commit: nothing, that it is there, its parent, its time too. */
function askedOf(prune: Prune | undefined): string {
  if (prune === undefined) return '';
  if (prune.keep_younger_than !== undefined) return 'times';
  return (prune.keep ?? 1) > 1 ? 'parents' : 'heads';
}

/** What the answers mean. Throws E_UNSUPPORTED without ostree, and E_ANSWER where a repository cannot be read. */
export function read(answers: Answers, want: Params): Have {
  const { code, stdout, stderr } = answers['repo'] ?? { code: 1, stdout: '', stderr: '' };
  if (code === 127) throw fault({ code: 'E_UNSUPPORTED', message: 'this host has no ostree' });
  const lines = stdout.split('\n');
  const isThere = lines[0] !== 'absent';
  const all = (word: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  const [now] = all('now');
  if (code !== 0 || (isThere && now === undefined)) {
    const said = stderr.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
    const hint = `see "ostree refs --repo=${want.repo}" on the host; a link below refs/heads that leads nowhere is such a case`;
    throw fault({ code: 'E_ANSWER', message: `the refs of "${want.repo}" cannot be read: ${said}`, hint });
  }
  const aliases = new Map(all('alias').map(aliasOf));
  return {
    isThere,
    aliases,
    refs: new Map([...refsIn(all('ref'))].filter(([name]) => !aliases.has(name))),
    whole: all('whole'),
    deployed: all('deployed').map((line) => {
      const [commit = '', follows = ''] = line.split(' ');
      return { commit, follows };
    }),
    commits: all('commit').map(commitOf),
    now: Number(now ?? 0),
    newest: refsIn(linesOf(answers['newest'])),
  };
}

/** A link below refs/heads; its target is told from the folder that it lies in. */
function aliasOf(line: string): [string, string] {
  const [name = '', target = ''] = line.split(' ');
  const parts = name.split('/').slice(0, -1);
  for (const part of target.split('/')) {
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return [name, parts.join('/')];
}

/** `COMMIT PARENT DATE`, as ostree tells a date: `2026-02-01 00:00:00 +0000`. */
function commitOf(line: string): Commit {
  const [commit = '', parent = '', ...date] = line.split(' ');
  const [day = '', time = '', zone = ''] = date;
  const seconds = day === '-' ? 0 : Date.parse(`${day}T${time}${zone}`) / 1000;
  if (Number.isNaN(seconds)) {
    throw fault({
      code: 'E_ANSWER',
      message: `expected when the commit ${commit} was made, found "${date.join(' ')}"`,
    });
  }
  return { commit, parent: parent === '-' ? '' : parent, time: seconds };
}
