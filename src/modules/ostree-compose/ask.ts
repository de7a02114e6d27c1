import type { Questions } from '../../core/answer.ts';
import { script, withOptions } from '../../core/command.ts';
import { SIGNATURE_FUNCTIONS } from '../ostree-signature.ts';
import { INPUTS, QUIET_GIT, notePath } from './build.ts';
import { folderOf, inputsOf, type Params } from './schema.ts';

const ASK = `${SIGNATURE_FUNCTIONS}${INPUTS}${QUIET_GIT}treefile=$1 folder=$2 repo=$3 ref=$4 note=$5 key=$6 home=$7 copied=$8 name=$9; shift 9
calendar=$1 url=$2 revision=$3 tree=$4; shift 4
flat() { base64 | tr -d '\\n'; }
for t in rpm-ostree ostree; do command -v "$t" >/dev/null || printf 'lacks %s\\n' "$t"; done
rpm-ostree --version 2>/dev/null | sed -n "s/^ *Version: *'*\\([0-9][0-9.]*\\).*/version \\1/p"
if [ -f "$treefile" ]; then echo 'treefile yes'; fi
if [ -d "$folder" ]; then printf 'inputs %s\\n' "$(inputs "$folder")"; fi
if [ -f "$note" ]; then printf 'note %s\\n' "$(head -n 1 <"$note")"; fi
if [ -f "$repo/config" ]; then
  echo 'repo yes'
  [ -w "$repo" ] || echo 'closed yes'
  if c=$(ostree rev-parse --repo="$repo" "$ref" 2>/dev/null); then
    printf 'head %s\\n' "$c"
    f=$(object "$repo" "$c")
    [ -z "$key" ] || good "$home" "\${f}meta" "$f" | sed 's/^/signed /'
  fi
fi
if [ -n "$key" ]; then
  if ! command -v gpg >/dev/null; then echo 'lacks gpg'
  elif [ -d "$home" ]; then quiet_gpg "$home" --with-colons --fixed-list-mode --list-secret-keys "$key" | grep -E '^(sec|fpr):' | sed 's/^/key /'
  fi
fi
for f in "$@"; do
  if [ -f "$copied/$f" ]; then s=$(sha256sum <"$copied/$f") && printf 'file %s %s\\n' "\${s%% *}" "$f"; fi
done
if [ -n "$url" ]; then
  if ! command -v git >/dev/null; then echo 'lacks git'; else
    if [ -d "$tree/.git" ]; then
      ( cd -- "$tree" && printf 'checked-out %s\\n' "$(git rev-parse --verify -q HEAD)" && git status --porcelain | head -n 1 | sed 's/^.*$/dirty yes/' )
    elif [ -n "$(ls -A "$tree" 2>/dev/null | head -n 1)" ]; then echo 'taken yes'
    fi
    case $revision in
      HEAD) set -- HEAD;;
      *) set -- "refs/heads/$revision" "refs/tags/$revision" "refs/tags/$revision^{}";;
    esac
    if l=$(quiet_git ls-remote -- "$url" "$@" 2>/dev/null); then echo 'reached yes'; printf '%s\\n' "$l" | sed -n 's/^\\(.\\)/remote \\1/p'; fi
  fi
fi
if [ -n "$name" ]; then
  for f in "/etc/copse/compose/$name" "/etc/systemd/system/$name.service" "/etc/systemd/system/$name.timer"; do
    if [ -f "$f" ]; then printf 'unit-file %s %s\\n' "$(head -c 262144 <"$f" | flat)" "$f"; fi
  done
  systemctl show --property=ActiveState,UnitFileState,NeedDaemonReload -- "$name.timer" 2>/dev/null | sed 's/^/timer /'
  systemctl show --property=ActiveState,Result,NeedDaemonReload -- "$name.service" 2>/dev/null | sed 's/^/service /'
  if systemd-analyze calendar daily >/dev/null 2>&1 && ! systemd-analyze calendar "$calendar" >/dev/null 2>&1; then echo 'calendar bad'; fi
fi
echo end
`;

/** The question of the `ostree_compose` module: one script for everything. */
export function ask(want: Params): Questions {
  const { treefile, repo, ref, sign, git, timer } = want;
  const about = [treefile, inputsOf(want), repo, ref, notePath(want)];
  const key = sign === undefined ? ['', ''] : [sign.key, sign.home];
  const units = timer === undefined ? ['', ''] : [want.name, timer.on_calendar];
  const tree = git === undefined ? ['', '', ''] : [git.url, git.revision, git.path];
  const files = (want.files ?? []).map((file) => baseName(file.path));
  return {
    compose: withOptions(script(ASK, ...about, ...key, folderOf(treefile), ...units, ...tree, ...files), {
      timeoutMs: 180_000,
    }),
  };
}

/** The name of a file without its folder. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
