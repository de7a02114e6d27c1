import type { Answer, Questions } from '../../core/answer.ts';
import { script } from '../../core/command.ts';
import { fault } from '../../core/problem.ts';
import type { Params } from './schema.ts';

/** The user as the host knows it. */
export interface Have {
  readonly present: boolean;
  /** It stands in /etc/passwd, where it can be changed; otherwise the image or a directory service brings it. */
  readonly local: boolean;
  readonly uid: number;
  readonly gid: number;
  readonly comment: string;
  readonly home: string;
  readonly shell: string;
  /** Name of the primary group. */
  readonly group: string;
  /** Names of the further groups. */
  readonly groups: readonly string[];
  /** sha256 of the password's hash without its lock, as hex; undefined where it may not be read. */
  readonly password: string | undefined;
  readonly locked: boolean;
  /** There is a group of the same name. */
  readonly ownGroup: boolean;
  /** Number of the wished primary group; undefined when there is none. */
  readonly wantedGid: number | undefined;
  /** Wished groups the host does not have. */
  readonly missing: readonly string[];
  /** Wished groups that are only in the image, where nobody can be added to them. */
  readonly imageOnly: readonly string[];
}

// Fields are one a line, so that a space in a comment means nothing.
const ASK = `n=$1; p=$2; shift 2
e=$(getent passwd "$n"); code=$?
[ $code = 0 ] || [ $code = 2 ] || exit 3
echo "$e"
echo "group $(id -gn -- "$n" 2>/dev/null)"
echo "groups $(id -Gn -- "$n" 2>/dev/null)"
if getent group "$n" >/dev/null; then echo own; fi
if grep -q "^$n:" /etc/passwd; then echo local; fi
if [ -n "$e" ] && s=$(getent shadow "$n"); then
  h=$(printf %s "$s" | cut -d: -f2)
  case $h in '!'*) echo locked; h=\${h#!}; h=\${h#!};; esac
  echo "hash $(printf %s "$h" | sha256sum | cut -d' ' -f1)"
fi
if [ -n "$p" ]; then
  case $p in *[!0-9]*) echo "gid $(getent group "$p" | cut -d: -f3)";; *) echo "gid $p";; esac
fi
for g; do
  if ! getent group "$g" >/dev/null; then echo "missing $g"
  elif ! grep -q "^$g:" /etc/group; then echo "image $g"
  fi
done
`;

/** The question of the `user` module: one script. */
export function ask({ name, group = '', groups = [] }: Params): Questions {
  return { user: script(ASK, name, group, ...groups) };
}

/** What the answer means. Throws E_ANSWER when it is none. */
export function read(answer: Answer | undefined, want: Params): Have {
  const [entry = '', ...lines] = (answer?.stdout ?? '').split('\n');
  const account = readEntry(entry, want.name);
  if (answer?.code !== 0 || account === undefined || !lines.some((line) => line.startsWith('groups '))) {
    throw notUnderstood(answer, want.name);
  }
  const all = (key: string): readonly string[] =>
    lines.flatMap((line) => (line.startsWith(`${key} `) ? [line.slice(key.length + 1)] : []));
  const [group = ''] = all('group');
  return {
    ...account,
    local: lines.includes('local'),
    group,
    groups: (all('groups')[0] ?? '').split(' ').filter((one) => one !== '' && one !== group),
    password: all('hash')[0],
    locked: lines.includes('locked'),
    ...readGroups(lines, all),
  };
}

type Account = Pick<Have, 'present' | 'uid' | 'gid' | 'comment' | 'home' | 'shell'>;

/** A line of the account database; undefined when it is none of that user. */
function readEntry(entry: string, wanted: string): Account | undefined {
  if (entry === '') return { present: false, uid: -1, gid: -1, comment: '', home: '', shell: '' };
  const [name, , uid = '', gid = '', comment = '', home = '', shell = ''] = entry.split(':');
  const isEntry = name === wanted && /^\d+$/.test(uid) && /^\d+$/.test(gid);
  return isEntry ? { present: true, uid: Number(uid), gid: Number(gid), comment, home, shell } : undefined;
}

type Groups = Pick<Have, 'ownGroup' | 'wantedGid' | 'missing' | 'imageOnly'>;

function readGroups(lines: readonly string[], all: (key: string) => readonly string[]): Groups {
  const [gid = ''] = all('gid');
  return {
    ownGroup: lines.includes('own'),
    wantedGid: gid === '' ? undefined : Number(gid),
    missing: all('missing'),
    imageOnly: all('image'),
  };
}

function notUnderstood(answer: Answer | undefined, name: string): Error {
  const said = answer === undefined ? '' : answer.stderr.trim() || answer.stdout.trim();
  const found = `exit ${answer?.code ?? 0}: ${said.slice(0, 200)}`;
  return fault({ code: 'E_ANSWER', message: `expected what getent knows of the user "${name}", found ${found}` });
}
