import type { Answer } from '../../core/answer.ts';
import { script, withOptions } from '../../core/command.ts';
import { defineModule, type Change, type ModuleContext } from '../../core/module.ts';
import { fault } from '../../core/problem.ts';
import type { Explain, Step } from '../../core/step.ts';
import { closedFolder, unknownAccount } from '../path-attributes.ts';
import { askPath, readPath, type PathState } from '../path-state.ts';
import { isZip, Params } from './schema.ts';

/** The folder, and what was unpacked into it. */
interface Have {
  readonly dest: PathState;
  /** sha256 of the archive as hex; empty where there is none. */
  readonly archive: string;
  /** What the mark in the folder says; empty without one. */
  readonly mark: string;
  readonly isCreated: boolean;
  readonly hasTool: boolean;
}

const MORE = `if [ -n "$6" ] && { [ -e "$6" ] || [ -L "$6" ]; }; then echo created
else
  if [ -f "$4" ]; then s=$(sha256sum <"$4") || exit 1; echo "archive \${s%% *}"; fi
  if [ -f "$5" ]; then IFS= read -r m <"$5"; printf 'mark %s\\n' "$m"; fi
fi
if command -v "$7" >/dev/null; then echo tool; fi
exit 0
`;

/** Exit codes of the script: a name that leads out of the folder; the archive is another one than was planned with. */
const OUTSIDE = 65;
const OTHER = 66;

// Everything is unpacked into a folder of its own first: what is broken or leads out of it never touches the rest.
const UNPACK = `src=$1 dest=$2 strip=$3 accounts=$4 mark=$5 text=$6
is=$(sha256sum <"$src") && [ "\${is%% *}" = "\${text%% *}" ] || exit ${OTHER}
case $(head -c 4 "$src" | od -An -tx1 | tr -d ' \\n') in
  1f8b*) z=-z ;; 425a68*) z=-j ;; fd377a58) z=-J ;; 28b52ffd) z=--zstd ;; *) z= ;;
esac
umask 022
mkdir -p -- "$dest" || exit
work=$dest/.copse-unpack-$$
trap 'rm -rf -- "$work"' EXIT
mkdir -m 0700 -- "$work" && mkdir -- "$work/in" || exit
case $src in
  *.[zZ][iI][pP]) unzip -Z1 "$src" >"$work/list" 2>/dev/null || unzip -l "$src" | sed 's/^ *[0-9]* *[0-9-]* *[0-9:]* *//' >"$work/list" ;;
  *) tar \${z:+"$z"} -tf "$src" >"$work/list" ;;
esac || exit
wrong=$(grep -E '^/|(^|/)[.][.](/|$)' "$work/list" | head -n 1)
[ -z "$wrong" ] || { printf '%s\\n' "$wrong" >&2; exit ${OUTSIDE}; }
case $src in
  *.[zZ][iI][pP]) unzip -q -o "$src" -d "$work/in" ;;
  *)
    [ "$strip" = 0 ] || z="$z --strip-components=$strip"
    tar $z -C "$work/in" -xof "$src"
    ;;
esac || exit
[ -z "$accounts" ] || chown -hR -- "$accounts" "$work/in" || exit
cd "$work/in" || exit
set --
for f in * .[!.]* ..?*; do if [ -e "$f" ] || [ -L "$f" ]; then set -- "$@" "./$f"; fi; done
[ $# -gt 0 ] || { echo 'nothing is left of it: look at strip_components' >&2; exit 1; }
tar -cf - "$@" | tar -C "$dest" -xpf - || exit
[ -z "$mark" ] || printf '%s\\n' "$text" >"$mark"`;

/** Archives, unpacked. */
export const unarchive = defineModule<Params, Have>({
  name: 'unarchive',
  summary: 'Unpacks an archive that is on the host into a folder.',
  notes: [
    'What was unpacked is remembered by a mark in the folder, ".copse-unarchive-NAME", with the sha256 of the archive: another archive under the same name is unpacked again, and the same one is not. With "creates" that path decides, and there is no mark.',
    'The names in the archive are looked at first: one that begins with "/" or holds ".." is refused. Everything is unpacked into a folder of its own beside its place, so that a broken archive changes nothing.',
    'Files of the archive replace those of the same name; others stay, also those of a former archive. Owners in the archive do not count.',
    'The archive is brought by get_url, which knows its checksum, or by copy. Software that belongs to the system is better a package or an image.',
  ],
  kind: 'state',
  params: Params,
  returns: {
    dest: { type: 'string', description: 'the folder' },
    digest: { type: 'string', description: 'sha256 of the archive as hex; empty where it was not looked at' },
  },
  examples: [
    '- unarchive: {src: /var/cache/app.tar.gz, dest: /opt/app, strip_components: 1, owner: root}',
    '- name: only once\n  unarchive: {src: /var/cache/data.zip, dest: /var/lib/data, creates: /var/lib/data/index, owner: app, group: app}',
  ],
  probe: (want) => {
    const { src, dest, owner, group, creates = '' } = want;
    const values = [src, markOf(want), creates, isZip(want) ? 'unzip' : 'tar'];
    return { dest: askPath({ path: dest, owner, group, more: MORE, values }) };
  },
  read: (answers, want) => read(answers['dest'], want),
  plan,
  result: (want, have) => ({ dest: want.dest, digest: have.archive }),
});

function markOf({ src, dest }: Params): string {
  return `${dest}/.copse-unarchive-${src.slice(src.lastIndexOf('/') + 1)}`;
}

function read(answer: Answer | undefined, want: Params): Have {
  const dest = readPath(answer, want.dest);
  if (answer?.code !== 0) {
    const message = `expected the sha256 of "${want.src}", found exit ${answer?.code ?? ''}`;
    throw fault({ code: 'E_ANSWER', message, hint: 'add "become: true" when only root may read it' });
  }
  const lines = dest.rest.split('\n');
  const after = (key: string): string => lines.find((line) => line.startsWith(`${key} `))?.slice(key.length + 1) ?? '';
  return {
    dest,
    archive: after('archive'),
    mark: after('mark'),
    isCreated: lines.includes('created'),
    hasTool: lines.includes('tool'),
  };
}

function plan(want: Params, have: Have, context: ModuleContext): Change {
  const { src, dest, creates, strip_components: strip, owner = '', group } = want;
  const { refusal, notes } = unknownAccount(want, have.dest, context);
  if (refusal !== undefined) return refusal;
  const accounts = group === undefined ? owner : `${owner}:${group}`;
  const text = `${have.archive} strip ${strip} owner ${accounts || '-'}`;
  if (have.isCreated || (creates === undefined && have.archive !== '' && have.mark === text))
    return { steps: [], notes };
  const cannot = whyNot(want, have, context);
  if (cannot !== undefined) return cannot;
  const missing = have.archive === '' ? [`the archive ${src} is not there yet`] : [];
  const words = [src, dest, String(strip), accounts, creates === undefined ? markOf(want) : '', text];
  const step: Step = {
    do: 'transaction',
    say: `unpack ${src} into ${dest}`,
    command: withOptions(script(UNPACK, ...words), { timeoutMs: want.timeout }),
    explain: explain(want),
  };
  const before = have.mark === '' ? '' : `${have.mark}\n`;
  return { steps: [step], diff: [{ label: dest, before, after: `${text}\n` }], notes: [...notes, ...missing] };
}

function whyNot({ src, dest }: Params, have: Have, context: ModuleContext): Change | undefined {
  const { type } = have.dest.through;
  if (type !== 'directory' && type !== 'absent') return { refuse: `"${dest}" is no folder` };
  if (type === 'absent') {
    const closed = closedFolder(`${dest}/x`, have.dest, context);
    if (closed !== undefined) return closed;
  }
  if (!have.hasTool) {
    const tool = isZip({ src }) ? 'unzip' : 'tar';
    return { refuse: `the host has no ${tool}`, hint: 'layer it, or bring the files with copy', code: 'E_UNSUPPORTED' };
  }
  if (have.archive !== '' || context.check) return undefined;
  return { refuse: `"${src}" does not exist`, hint: 'bring it first, with get_url or copy' };
}

function explain({ src }: Params): Explain {
  return ({ code, stderr }) => {
    const said = stderr.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
    if (code === OUTSIDE) {
      return { message: `${src} was not unpacked: its member "${said}" leads out of the folder`, code: 'E_DESTROY' };
    }
    if (code === OTHER) return { message: `${src} has changed since it was looked at`, hint: 'run the task again' };
    return { message: `${src} was not unpacked: ${said || `exit ${code ?? 'unknown'}`}`, hint: 'nothing was changed' };
  };
}
