import type { Answers, Questions } from '../../core/answer.ts';
import { script } from '../../core/command.ts';
import { fault } from '../../core/problem.ts';
import { askOwned, readOwned, type OwnedFile } from '../owned-file.ts';
import { keyOf, pathOf } from './key.ts';
import type { Params } from './schema.ts';

/** What the kernel has for a key. */
export interface Running {
  readonly key: string;
  readonly path: string;
  readonly wished: string;
  /** undefined where the kernel has no such key. */
  readonly now: string | undefined;
  /** It is there, and cannot be read: it only takes values, or is root's. */
  readonly isClosed: boolean;
}

/** A line of another file that sets one of the keys. */
export interface Setting {
  readonly file: string;
  readonly path: string;
  readonly value: string;
}

/** What `sysctl` knows of a host. */
export interface Have {
  readonly file: OwnedFile;
  readonly running: readonly Running[];
  /** Lines of files that are read after ours, in the order they are read. */
  readonly later: readonly Setting[];
  /** A file of the same name that ours hides; empty when there is none. */
  readonly hides: string;
}

// The kernel answers only whole reads, so no builtin of the shell can read a value. One grep reads them all.
const NOW = `cd /proc/sys || exit
for f do if [ -r "$f" ]; then echo "open $f"; elif [ -e "$f" ]; then echo "closed $f"; fi; done
echo
grep -H '' -- "$@" /dev/null 2>/dev/null
exit 0`;

const FILES = `for d in /etc/sysctl.d /run/sysctl.d /usr/local/lib/sysctl.d /usr/lib/sysctl.d /lib/sysctl.d; do
  for f in "$d"/*.conf; do
    [ -e "$f" ] || continue
    printf 'file %s\\n' "$f"
    [ -f "$f" ] && [ -r "$f" ] || continue
    while IFS= read -r l || [ -n "$l" ]; do
      case $l in *[a-z]*=*) printf 'line %s\\n' "$l" ;; esac
    done <"$f"
  done
done
exit 0`;

/** The path of the file of a wish. */
export function fileOf({ file }: Params): string {
  return `/etc/sysctl.d/${file}.conf`;
}

/** Our file, the values of the kernel, and the files of others. */
export function ask(want: Params): Questions {
  const paths = Object.keys(want.values ?? {}).map(pathOf);
  const file = askOwned(fileOf(want));
  return paths.length === 0 ? { file } : { file, now: script(NOW, ...paths), files: script(FILES) };
}

/** What the answers mean. */
export function read(answers: Answers, want: Params): Have {
  const file = readOwned(answers['file'], fileOf(want));
  const { now, files } = answers;
  if (now === undefined || files === undefined) return { file, running: [], later: [], hides: '' };
  const end = now.stdout.indexOf('\n\n');
  const head = now.stdout.startsWith('\n') ? '' : end < 0 ? undefined : now.stdout.slice(0, end);
  if (head === undefined) {
    const message = `expected the values of the kernel, found exit ${now.code}: ${now.stderr.trim().slice(0, 200)}`;
    throw fault({ code: 'E_ANSWER', message });
  }
  const states = head.split('\n');
  const lines = now.stdout.slice(head.length).split('\n');
  const running = Object.entries(want.values ?? {}).map(([key, wished]): Running => {
    const path = pathOf(key);
    const values = lines.filter((line) => line.startsWith(`${path}:`)).map((line) => line.slice(path.length + 1));
    const isReadable = states.includes(`open ${path}`) && values.length > 0;
    const text = values.join(' ').trim().replaceAll(/\s+/g, ' ');
    const isThere = isReadable || states.includes(`open ${path}`) || states.includes(`closed ${path}`);
    return { key: keyOf(path), path, wished, now: isThere ? text : undefined, isClosed: isThere && !isReadable };
  });
  return { file, running, ...othersOf(files.stdout, want) };
}

/** systemd reads files by the order of their names, whatever the folder; of one name only the first folder counts. */
function othersOf(text: string, want: Params): Pick<Have, 'later' | 'hides'> {
  const own = `${want.file}.conf`;
  const seen = new Map<string, { readonly file: string; readonly lines: string[] }>();
  let current: string[] = [];
  let hides = '';
  for (const line of text.split('\n')) {
    const rest = line.slice(5);
    if (line.startsWith('line ')) current.push(rest);
    if (!line.startsWith('file ')) continue;
    const name = rest.slice(rest.lastIndexOf('/') + 1);
    current = [];
    if (name === own && rest !== fileOf(want)) hides ||= rest;
    if (!seen.has(name)) seen.set(name, { file: rest, lines: current });
  }
  const wished = new Set(Object.keys(want.values ?? {}).map(pathOf));
  const later = [...seen]
    .filter(([name]) => name > own)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, { file, lines }]) => lines.flatMap((line) => settingOf(file, line)))
    .filter(({ path }) => wished.has(path));
  return { later, hides };
}

function settingOf(file: string, line: string): readonly Setting[] {
  const [, key, value] = /^\s*-?\s*([^#;=\s][^=\s]*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
  return key === undefined || value === undefined ? [] : [{ file, path: pathOf(key), value }];
}
