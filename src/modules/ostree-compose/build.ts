import { sha256Of } from '../../core/bytes.ts';
import { isAtLeast } from '../rpm-ostree-tool.ts';
import { SIGNATURE_FUNCTIONS } from '../ostree-signature.ts';
import { inputsOf, type Params } from './schema.ts';

/** Functions of the shell: `inputs FOLDER` is one checksum over all files of a folder. */
export const INPUTS = `inputs() {
  ( cd -- "$1" && find . -name .git -prune -o \\( -type f -o -type l \\) -exec sha256sum {} + 2>/dev/null | LC_ALL=C sort | sha256sum | cut -d ' ' -f 1 )
}
`;

/** git that never asks anybody; a function of the shell. */
export const QUIET_GIT = `quiet_git() { GIT_TERMINAL_PROMPT=0 GIT_ASKPASS=true GIT_SSH_COMMAND='ssh -o BatchMode=yes' git "$@"; }
`;

/** Exit statuses of the build, besides 77: nothing has changed. */
export const ENDED = { git: 64, noRef: 66, sign: 69, compose: 70, publish: 71 } as const;

/**
 * Brings the working tree up to date, composes, signs, makes deltas, prunes, and tells the summary: each only where it is needed, so
 * that a build that was cut off goes on where it was. At the end the checksums of what was built are noted.
 */
export const BUILD = `${SIGNATURE_FUNCTIONS}${INPUTS}${QUIET_GIT}repo=$1 ref=$2 folder=$3 cache=$4 note=$5 wish=$6; shift 6
url=$1 revision=$2 tree=$3 key=$4 home=$5 empty=$6 previous=$7 keep=$8 summary=$9; shift 9
umask 022
mkdir -p -- "$cache" || exit
if command -v flock >/dev/null; then exec 9>"$note.lock"; flock 9 || exit; fi
if [ -n "$url" ]; then
  [ -d "$tree/.git" ] || { mkdir -p -- "$tree" && git init -q -- "$tree"; } || exit ${ENDED.git}
  cd -- "$tree" || exit ${ENDED.git}
  got=FETCH_HEAD
  quiet_git fetch -q --depth 1 -- "$url" "$revision" 2>/dev/null || quiet_git fetch -q -- "$url" "$revision" 2>/dev/null ||
    { quiet_git fetch -q --tags -- "$url" '+refs/heads/*:refs/remotes/copse/*' && got=$revision; } || exit ${ENDED.git}
  git checkout -q --force --detach "$got" -- && git clean -fdq || exit ${ENDED.git}
  cd /
fi
built="$(inputs "$folder") $wish"
was=$(ostree rev-parse --repo="$repo" "$ref" 2>/dev/null)
"$@" || exit ${ENDED.compose}
now=$(ostree rev-parse --repo="$repo" "$ref" 2>/dev/null) || exit ${ENDED.noRef}
[ "$was" = "$now" ] && news='' || news=yes
id=$key
if [ -n "$key" ]; then
  id=$(quiet_gpg "$home" --with-colons --fixed-list-mode --list-secret-keys "$key" | sed -n 's/^fpr:*\\([0-9A-F]*\\):.*/\\1/p' | head -n 1)
  object=$(object "$repo" "$now")
  if ! good "$home" "\${object}meta" "$object" | grep -qx "$id"; then
    ostree gpg-sign --repo="$repo" --gpg-homedir="$home" "$now" "$key" || exit ${ENDED.sign}
    news=yes
  fi
fi
delta() {
  ostree static-delta list --repo="$repo" | grep -qx "$1" && return 0
  shift
  news=yes
  ostree static-delta generate --repo="$repo" "$@" --to="$now" || exit ${ENDED.publish}
}
[ -z "$empty" ] || delta "$now" --empty
c=$now i=0
while [ "$i" -lt "$previous" ]; do
  c=$(ostree rev-parse --repo="$repo" "$c^" 2>/dev/null) && [ -e "$(object "$repo" "$c")" ] || break
  delta "$c-$now" "--from=$c"
  i=$((i + 1))
done
# A build that was cut off has noted nothing: what follows may not have happened.
if [ -n "$news" ] || [ "$(cat -- "$note" 2>/dev/null)" != "$built" ]; then
  [ -z "$keep" ] || ostree prune --repo="$repo" --refs-only --depth="$keep" || exit ${ENDED.publish}
  if [ -n "$summary" ]; then
    if [ -n "$key" ]; then set -- --gpg-sign="$key" --gpg-homedir="$home"; else set --; fi
    ostree summary -u --repo="$repo" "$@" || exit ${ENDED.publish}
  fi
fi
printf '%s\\n' "$built" >"$note.new" && mv -f -- "$note.new" "$note" || exit ${ENDED.publish}
[ -n "$news" ] || exit 77
exit 0
`;

/** Where the checksums of what was built last are noted. */
export function notePath({ cachedir, name }: Params): string {
  return `${cachedir}/copse-${name}`;
}

/** The values of \`BUILD\`, and the command that composes. */
export function buildWords(want: Params, version: string): readonly string[] {
  const { repo, ref, cachedir, git, sign, deltas, keep, summary } = want;
  return [
    repo,
    ref,
    inputsOf(want),
    cachedir,
    notePath(want),
    wishDigest(want),
    ...(git === undefined ? ['', '', ''] : [git.url, git.revision, git.path]),
    ...(sign === undefined ? ['', ''] : [sign.key, sign.home]),
    deltas?.empty === true ? 'yes' : '',
    String(deltas?.previous ?? 0),
    keep === undefined ? '' : String(keep - 1),
    summary ? 'yes' : '',
    ...composeWords(want, version),
  ];
}

/** Everything of the wish that what is in the repository depends on, beside the files. */
export function wishDigest({
  treefile,
  ref,
  repo,
  unified_core,
  metadata,
  options,
  sign,
  deltas,
  summary,
}: Params): string {
  const wish = [treefile, ref, repo, unified_core, metadata, options, sign, deltas, summary];
  return sha256Of(new TextEncoder().encode(JSON.stringify(wish)));
}

function composeWords(want: Params, version: string): readonly string[] {
  const { repo, cachedir, treefile, metadata, options } = want;
  return [
    'rpm-ostree',
    'compose',
    'tree',
    ...((want.unified_core ?? isAtLeast(version, '2018.7')) ? ['--unified-core'] : []),
    `--repo=${repo}`,
    `--cachedir=${cachedir}`,
    ...Object.entries(metadata).map(([key, value]) => `--add-metadata-string=${key}=${value}`),
    ...options,
    treefile,
  ];
}
