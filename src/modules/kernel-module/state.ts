import type { Answers, Questions } from '../../core/answer.ts';
import { script } from '../../core/command.ts';
import { fault } from '../../core/problem.ts';
import { askOwned, readOwned, type OwnedFile } from '../owned-file.ts';
import { kernelName, type Params } from './schema.ts';

/** What `kernel_module` knows of a host. */
export interface Have {
  /** Where the module is: in the kernel itself, loaded, on the disk, or nowhere. */
  readonly where: 'builtin' | 'loaded' | 'disk' | 'nowhere';
  readonly kernel: string;
  /** How many things use it, -1 when it cannot be told, and the modules among them. */
  readonly users: number;
  readonly usedBy: readonly string[];
  /** Options it runs with, as far as the kernel tells them. */
  readonly options: ReadonlyMap<string, string>;
  /** Lines of other files and of the kernel's command line that keep it from being loaded. */
  readonly blocks: readonly string[];
  /** Other files that load it at boot. */
  readonly loaders: readonly string[];
  /** /etc/modules-load.d and /etc/modprobe.d. */
  readonly load: OwnedFile;
  readonly rules: OwnedFile;
}

// In the files of depmod a module has the name of its file, in which "-" and "_" are still different.
const ASK = `n=$1 p=$2 own=$3 k=$(uname -r)
echo "kernel $k"
while read -r m _ u by _; do [ "$m" != "$n" ] || echo "loaded $u $by"; done </proc/modules 2>/dev/null
[ -d "/lib/modules/$k" ] || echo 'no folder'
if grep -Eqs "/$p[.]ko" "/lib/modules/$k/modules.builtin"; then echo builtin
elif grep -Eqs "^([^: ]*/)?$p[.]ko[.a-z0-9]*:" "/lib/modules/$k/modules.dep"; then echo disk
elif [ -d "/sys/module/$n" ] && ! grep -Eqs "^$n " /proc/modules; then echo builtin; fi
shift 3
for o do
  f=/sys/module/$n/parameters/$o
  [ -r "$f" ] && { IFS= read -r v <"$f"; printf 'option %s %s\\n' "$o" "$v"; }
done
for d in /etc /run /usr/local/lib /usr/lib /lib; do
  grep -Es "^[[:blank:]]*(blacklist|install)[[:blank:]]+$p([[:blank:]]|$)" "$d"/modprobe.d/*.conf /dev/null | grep -v "^/etc/modprobe.d/$own:" | while IFS= read -r l; do printf 'block %s\\n' "$l"; done
  grep -Esl "^[[:blank:]]*$p[[:blank:]]*$" "$d"/modules-load.d/*.conf /dev/null | grep -v "^/etc/modules-load.d/$own$" | while IFS= read -r l; do printf 'loader %s\\n' "$l"; done
done
for w in $(cat /proc/cmdline); do
  case $w in module_blacklist=* | modprobe.blacklist=*)
    case ,\${w#*=}, in *,"$n",*) printf 'block %s on the command line of the kernel\\n' "$w" ;; esac ;;
  esac
done
exit 0`;

/** The file that has the module loaded at boot. */
export function loadPath({ name }: Params): string {
  return `/etc/modules-load.d/${name}.conf`;
}

/** The file with its options, or with what keeps it away. */
export function rulesPath({ name }: Params): string {
  return `/etc/modprobe.d/${name}.conf`;
}

/** The kernel, and both files. */
export function ask(want: Params): Questions {
  const name = kernelName(want);
  const pattern = name.replaceAll('_', '[-_]');
  return {
    module: script(ASK, name, pattern, `${want.name}.conf`, ...Object.keys(want.options ?? {})),
    load: askOwned(loadPath(want)),
    rules: askOwned(rulesPath(want)),
  };
}

/** What the answers mean. */
export function read(answers: Answers, want: Params): Have {
  const answer = answers['module'];
  const lines = (answer?.stdout ?? '').split('\n');
  const after = (key: string): string[] =>
    lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1));
  const [kernel] = after('kernel');
  if (kernel === undefined || answer?.code !== 0) {
    const found = answer === undefined ? 'nothing' : `exit ${answer.code}: ${answer.stderr.trim().slice(0, 200)}`;
    throw fault({ code: 'E_ANSWER', message: `expected what the kernel says of "${want.name}", found ${found}` });
  }
  const [loaded] = after('loaded');
  const [users = '', by = ''] = (loaded ?? '').split(' ');
  return {
    where: whereOf(loaded !== undefined, lines),
    kernel,
    users: /^\d+$/.test(users) ? Number(users) : -1,
    usedBy: by.split(',').filter((one) => one !== '' && one !== '-'),
    options: new Map(
      after('option').map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]),
    ),
    blocks: after('block'),
    loaders: after('loader'),
    load: readOwned(answers['load'], loadPath(want)),
    rules: readOwned(answers['rules'], rulesPath(want)),
  };
}

function whereOf(isLoaded: boolean, lines: readonly string[]): Have['where'] {
  if (isLoaded) return 'loaded';
  if (lines.includes('builtin')) return 'builtin';
  return lines.includes('disk') ? 'disk' : 'nowhere';
}
