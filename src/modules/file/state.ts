import type { Answers, Questions } from '../../core/answer.ts';
import { askPath, readPath, type PathState } from '../path-state.ts';
import type { Params } from './schema.ts';

/** What `file` knows of a path. */
export interface Have {
  readonly path: PathState;
  /** A folder with something in it; asked for when it is to be removed or replaced. */
  readonly filled: boolean;
  /** Paths at or below this one that something is mounted on. */
  readonly mounts: readonly string[];
  /** Some of the paths below whose owner or mode is not as wished. */
  readonly strays: readonly string[];
}

// The kernel writes blanks of a mount point as \040, which is what printf %b reads back.
const WHAT_GOES = `if [ -d "$p" ] && ! [ -L "$p" ]; then
  if [ -n "$(ls -A -- "$p" | head -n 1)" ]; then echo filled; fi
  while read -r _ m _; do
    case $m in *\\\\*) m=$(printf '%b' "$m");; esac
    case $m in "$p"|"$p"/*) printf 'mount %s\\n' "$m";; esac
  done </proc/self/mounts
fi
`;

// The trailing /. lets find start at the folder behind a link.
const STRAYS = `shift 3
if [ -d "$p" ]; then find "$p"/. -xdev \\( "$@" \\) -print 2>/dev/null | head -n 10 | while IFS= read -r f; do printf 'stray %s\\n' "$f"; done; fi
`;

/** The question of the `file` module: one script. */
export function ask(want: Params): Questions {
  const { path, owner, group } = want;
  const goes = want.state === 'absent' || want.force ? WHAT_GOES : '';
  return { path: askPath({ path, owner, group, more: goes + (want.recurse ? STRAYS : ''), values: strayTests(want) }) };
}

/** What the answer means. */
export function read(answers: Answers, want: Params): Have {
  const path = readPath(answers['path'], want.path);
  const lines = path.rest.split('\n');
  const after = (key: string): string[] =>
    lines.filter((line) => line.startsWith(key)).map((line) => line.slice(key.length));
  const strays = after('stray ').map((stray) => stray.replace(/\/\.(?=\/|$)/, ''));
  return { path, filled: lines.includes('filled'), mounts: after('mount '), strays };
}

/** The words for `find` that match what is not as wished; empty without `recurse`. */
export function strayTests(want: Params): readonly string[] {
  if (!want.recurse) return [];
  const modes = [
    ...(want.mode === undefined ? [] : [['-type', 'd', '!', '-perm', want.mode]]),
    ...(want.file_mode === undefined ? [] : [['-type', 'f', '!', '-perm', want.file_mode]]),
  ];
  return anyOf([...accountTests(want), ...modes]);
}

/** The words for `find` that match what belongs to others. */
export function foreignTests(want: Params): readonly string[] {
  return anyOf(accountTests(want));
}

// Numbers and names are told apart by find itself.
function accountTests(want: Params): string[][] {
  return [
    ...(want.owner === undefined ? [] : [['!', '-user', want.owner]]),
    ...(want.group === undefined ? [] : [['!', '-group', want.group]]),
  ];
}

function anyOf(tests: readonly (readonly string[])[]): readonly string[] {
  return tests.flatMap((test, index) => (index === 0 ? test : ['-o', ...test]));
}
