import type { Answer } from '../core/answer.ts';
import { script, type Command } from '../core/command.ts';
import { fault } from '../core/problem.ts';

/** What lies at a path of the host. */
export interface PathSeen {
  readonly type: 'absent' | 'file' | 'directory' | 'link' | 'other';
  /** Four octal digits; empty when absent. */
  readonly mode: string;
  /** -1 when absent, like `gid`. */
  readonly uid: number;
  readonly gid: number;
  readonly owner: string;
  readonly group: string;
  /** Bytes. */
  readonly size: number;
}

/** What lies at a path, links not followed, and what a link there leads to. */
export interface PathState extends PathSeen {
  /** Target of a link, as it is written; empty for anything else. */
  readonly target: string;
  /** What a link leads to in the end: a folder such as /srv on ostree hosts. The path itself when it is no link. */
  readonly through: PathSeen;
  /** The nearest folder above that is there; empty when the path itself is there. */
  readonly above: string;
  /** The nearest path above, when it is no folder; empty otherwise. */
  readonly blocked: string;
  /** The nearest folder above, when nothing can be made, replaced or removed in it; empty otherwise. */
  readonly closed: string;
  /** Numbers of the wished owner and group; undefined when the host has no such account. */
  readonly wanted: { readonly uid: number | undefined; readonly gid: number | undefined };
  /** What the added part of the script printed. */
  readonly rest: string;
}

/** What to find out about a path beside its own description. */
export interface PathQuestion {
  readonly path: string;
  readonly owner: string | undefined;
  readonly group: string | undefined;
  /** Appended to the script; what it prints becomes `rest`. `$1` and `$p` are the path, `$4` and on are `values`. */
  readonly more?: string;
  readonly values?: readonly string[];
}

// One stat for everything; what is not told by numbers is told by tests of the shell, never by words of a tool.
const DESCRIBE = `p=$1
d=\${p%/*}; d=\${d:-/}
while [ "$d" != / ] && ! [ -e "$d" ] && ! [ -L "$d" ]; do d=\${d%/*}; d=\${d:-/}; done
[ -d "$d" ] || printf 'blocked %s\\n' "$d"
[ -w "$d" ] || printf 'closed %s\\n' "$d"
if s=$(stat -c '%f %u %g %s %U %G' -- "$p" 2>/dev/null); then
  echo "stat $s"
  if [ -L "$p" ]; then
    t=$(readlink -- "$p")
    printf 'target %s\\n' "$(printf %s "$t" | tr '\\n' '?')"
    echo "through $(stat -L -c '%f %u %g %s %U %G' -- "$p" 2>/dev/null)"
  fi
elif [ -d "$d" ] && ! [ -x "$d" ]; then printf 'denied %s\\n' "$d"
else printf 'above %s\\n' "$d"
fi
id_of() { case $2 in *[!0-9]*) getent "$1" "$2" 2>/dev/null || grep "^$2:" "/etc/$1" 2>/dev/null;; *) echo "::$2";; esac | cut -d: -f3; }
[ -z "$2" ] || echo "uid $(id_of passwd "$2")"
[ -z "$3" ] || echo "gid $(id_of group "$3")"
echo
`;

/** The question that answers a `PathState`: one script, no tool beyond coreutils. */
export function askPath(question: PathQuestion): Command {
  const { path, owner = '', group = '', more = '', values = [] } = question;
  return script(DESCRIBE + more, path, owner, group, ...values);
}

/** The answer of `askPath`. Throws E_ANSWER when it is not one. */
export function readPath(answer: Answer | undefined, path: string): PathState {
  const text = answer?.stdout ?? '';
  const end = text.indexOf('\n\n');
  if (answer === undefined || end < 0) {
    const found = answer === undefined ? 'nothing' : `exit ${answer.code}: ${answer.stderr.trim().slice(0, 200)}`;
    throw fault({ code: 'E_ANSWER', message: `expected a description of "${path}", found ${found}` });
  }
  const lines = text.slice(0, end).split('\n');
  const denied = valueOf(lines, 'denied');
  if (denied !== undefined) {
    const message = `"${path}" cannot be looked at: the folder "${denied}" is closed to this user`;
    throw fault({ code: 'E_ANSWER', message, hint: 'add "become: true" to the task' });
  }
  const self = seen(valueOf(lines, 'stat'), path);
  const through = valueOf(lines, 'through');
  return {
    ...self,
    target: valueOf(lines, 'target') ?? '',
    through: through === undefined ? self : seen(through, path),
    above: valueOf(lines, 'above') ?? '',
    blocked: valueOf(lines, 'blocked') ?? '',
    closed: valueOf(lines, 'closed') ?? '',
    wanted: { uid: numberOf(lines, 'uid'), gid: numberOf(lines, 'gid') },
    rest: text.slice(end + 2),
  };
}

function seen(stat: string | undefined, path: string): PathSeen {
  const [raw = '', uid, gid, size, owner = '', group = ''] = (stat ?? '').split(' ');
  if (raw === '') return { type: 'absent', mode: '', uid: -1, gid: -1, owner: '', group: '', size: 0 };
  const bits = Number.parseInt(raw, 16);
  if (Number.isNaN(bits)) {
    throw fault({ code: 'E_ANSWER', message: `expected the mode of "${path}" as hex digits, found "${raw}"` });
  }
  const mode = (bits & 0o7777).toString(8).padStart(4, '0');
  return { type: typeOf(bits), mode, uid: Number(uid), gid: Number(gid), owner, group, size: Number(size) };
}

function typeOf(bits: number): PathSeen['type'] {
  switch (bits & 0o170000) {
    case 0o100000:
      return 'file';
    case 0o040000:
      return 'directory';
    case 0o120000:
      return 'link';
    default:
      return 'other';
  }
}

function numberOf(lines: readonly string[], key: string): number | undefined {
  const text = valueOf(lines, key) ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function valueOf(lines: readonly string[], key: string): string | undefined {
  return lines.find((line) => line.startsWith(`${key} `))?.slice(key.length + 1);
}
