import type { Answers, Questions } from '../../core/answer.ts';
import { script } from '../../core/command.ts';
import { fault } from '../../core/problem.ts';
import type { Params } from './schema.ts';

/** Something that is mounted. */
export interface Mounted {
  readonly target: string;
  /** `major:minor` of the file system. */
  readonly node: string;
  readonly fstype: string;
  readonly source: string;
  /** Options of this mount, as the kernel writes them. */
  readonly options: readonly string[];
  /** Options of the file system. */
  readonly superOptions: readonly string[];
}

/** What `mount` knows of a path. */
export interface Have {
  /** The path without links. */
  readonly real: string;
  readonly at: 'absent' | 'folder' | 'file';
  /** Mounts at the path, the visible one last. */
  readonly mounts: readonly Mounted[];
  /** Paths below it where something is mounted. */
  readonly below: readonly string[];
  readonly fstab: string;
  readonly hasSystemd: boolean;
  /** The device behind `src`, and its number; empty when there is none. */
  readonly device: string;
  readonly node: string;
  /** A bind mount shows the very folder. */
  readonly isSameFolder: boolean;
  /** Bytes of what is mounted there, and bytes free for ordinary users. */
  readonly size: number;
  readonly free: number;
}

const ASK = `p=$1 src=$2
real=$(readlink -m -- "$p" 2>/dev/null || readlink -f -- "$p")
printf 'real %s\\n' "$real"
if [ -d "$p" ]; then echo at folder; elif [ -e "$p" ] || [ -L "$p" ]; then echo at file; else echo at absent; fi
case $src in
  UUID=* | LABEL=* | PARTUUID=* | PARTLABEL=*) d=$(findfs "$src" 2>/dev/null) ;;
  /dev/*) d=$src ;;
  *) d= ;;
esac
if [ -n "$d" ] && [ -b "$d" ]; then
  printf 'device %s\\n' "$(readlink -f -- "$d")"
  set -- $(stat -L -c '0x%t 0x%T' -- "$d")
  printf 'node %d:%d\\n' "$1" "$2"
fi
[ -z "$src" ] || [ "$(stat -L -c '%d %i' -- "$src" 2>/dev/null)" != "$(stat -L -c '%d %i' -- "$p" 2>/dev/null)" ] || echo same
[ ! -d /run/systemd/system ] || echo systemd
[ ! -d "$p" ] || printf 'space %s\\n' "$(stat -f -c '%S %b %a' -- "$p" 2>/dev/null)"
while read -r line; do
  m=\${line#* * * * }
  m=\${m%% *}
  case $m in *\\\\*) m=$(printf '%b' "$m") ;; esac
  case $m in "$real") printf 'mnt %s\\n' "$line" ;; "\${real%/}"/*) printf 'below %s\\n' "$m" ;; esac
done </proc/self/mountinfo
echo fstab
cat /etc/fstab 2>/dev/null
exit 0
`;

/** The question of the `mount` module: one script. */
export function ask(want: Params): Questions {
  return { mount: script(ASK, want.path, want.src ?? '') };
}

/** What the answer means. Throws E_ANSWER when it is not one. */
export function read(answers: Answers, want: Params): Have {
  const answer = answers['mount'];
  const text = answer?.stdout ?? '';
  const at = text.startsWith('fstab\n') ? 0 : text.indexOf('\nfstab\n') + 1;
  const lines = text.slice(0, at).split('\n');
  const real = valueOf(lines, 'real');
  const place = valueOf(lines, 'at');
  if (real === '' || !(place === 'absent' || place === 'folder' || place === 'file')) {
    const found = answer === undefined ? 'nothing' : `exit ${answer.code}: ${answer.stderr.trim().slice(0, 200)}`;
    throw fault({ code: 'E_ANSWER', message: `expected a description of "${want.path}", found ${found}` });
  }
  const [block = 0, blocks = 0, free = 0] = valueOf(lines, 'space').split(' ').map(Number);
  return {
    real,
    at: place,
    mounts: valuesOf(lines, 'mnt').map(mountedOf),
    below: [...new Set(valuesOf(lines, 'below'))],
    fstab: text.slice(at + 'fstab\n'.length),
    hasSystemd: lines.includes('systemd'),
    device: valueOf(lines, 'device'),
    node: valueOf(lines, 'node'),
    isSameFolder: lines.includes('same'),
    size: block * blocks,
    free: block * free,
  };
}

/** A line of /proc/self/mountinfo (proc(5)). */
function mountedOf(line: string): Mounted {
  const [front = '', back = ''] = line.split(' - ', 2);
  const [, , node = '', , target = '', options = ''] = front.split(' ');
  const [fstype = '', source = '', more = ''] = back.split(' ');
  return {
    target: unescape(target),
    node,
    fstype,
    source: unescape(source),
    options: options.split(','),
    superOptions: more.split(','),
  };
}

/** The kernel writes blanks as \040. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function valueOf(lines: readonly string[], key: string): string {
  return valuesOf(lines, key)[0] ?? '';
}

function valuesOf(lines: readonly string[], key: string): string[] {
  return lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1));
}
