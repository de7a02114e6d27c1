import type { Questions } from '../../core/answer.ts';
import { script, withOptions } from '../../core/command.ts';
import { SIGNATURE_FUNCTIONS } from '../ostree-signature.ts';
import { FETCH } from './fetch.ts';
import type { Params } from './schema.ts';
import { servedUrl } from './serve.ts';

// Commits of a ref, newest first, as far as they are in the second repository.
const ASK = `${SIGNATURE_FUNCTIONS}${FETCH}r=$1 key=$2 kind=$3 home=$4 depth=$5 from=$6 unit=$7 url=$8 all=$9; shift 9
flat() { base64 | tr -d '\\n'; }
chain() {
  c=$(ostree rev-parse --repo="$1" "$3" 2>/dev/null) || return 0
  printf ' %s' "$c"; i=1
  while [ "$i" -lt "$depth" ]; do
    c=$(ostree rev-parse --repo="$1" "$c^" 2>/dev/null) && [ -e "$(object "$2" "$c")" ] || break
    printf ' %s' "$c"; i=$((i + 1))
  done
}
wished() {
  case $1 in *:*) return 1;; esac
  [ -n "$2" ] || return 0
  case " $2 " in *" $1 "*) ;; *) return 1;; esac
}
signed() { f=$(object "$1" "$2"); good "$home" "\${f}meta" "$f" | sed "s/^/signed $2 /"; }
if command -v ostree >/dev/null; then
  ostree --version | sed -n "s/^ *Version: *'*\\([0-9][0-9.]*\\).*/version \\1/p"
else echo 'lacks ostree'
fi
if [ -n "$key" ]; then
  if ! command -v gpg >/dev/null; then echo 'lacks gpg'
  elif [ -d "$home" ]; then quiet_gpg "$home" --with-colons --fixed-list-mode "$kind" "$key" | grep -E '^(sec|pub|fpr):' | sed 's/^/key /'
  fi
fi
if [ -n "$from" ]; then
  for f in "$@"; do
    printf 'source %s%s\\n' "$f" "$(chain "$from" "$r" "$f")"
    if [ -n "$key" ] && c=$(ostree rev-parse --repo="$from" "$f" 2>/dev/null); then signed "$from" "$c"; fi
  done
fi
if [ -f "$r/config" ] && [ -d "$r/objects" ]; then
  echo 'kind repository'
  [ -w "$r" ] || echo 'closed yes'
  sed 's/^/config /' <"$r/config"
  ostree refs --repo="$r" | while IFS= read -r f; do
    printf 'ref %s%s\\n' "$f" "$(chain "$r" "$r" "$f")"
    if [ -n "$key" ] && wished "$f" "$*"; then
      c=$(ostree rev-parse --repo="$r" "$f" 2>/dev/null) && signed "$r" "$c"
    fi
  done
  ostree static-delta list --repo="$r" | grep -E '^[0-9a-f]{64}(-[0-9a-f]{64})?$' | sed 's/^/delta /'
  [ -z "$all" ] || find "$r/objects" -name '*.commit' | sed -n 's|^.*/\\(..\\)/\\([0-9a-f]*\\)\\.commit$|commit \\1\\2|p'
  if [ -f "$r/summary" ]; then
    printf 'summary %s\\n' "$(head -c 4194304 <"$r/summary" | flat)"
    if [ -f "$r/summary.sig" ]; then echo 'summary-sig yes'; fi
    [ -z "$key" ] || good "$home" "$r/summary.sig" "$r/summary" | sed 's/^/summary-signed /'
  fi
elif [ -d "$r" ]; then
  if [ -z "$(ls -A "$r" | head -n 1)" ]; then echo 'kind empty'; else echo 'kind folder'; fi
elif [ -e "$r" ] || [ -L "$r" ]; then echo 'kind other'
else echo 'kind absent'
fi
if [ -n "$unit" ]; then
  for t in /usr/bin/python3 /usr/libexec/platform-python; do
    if [ -x "$t" ]; then printf 'server python3 %s\\n' "$t"; break; fi
  done
  if t=$(command -v busybox) && busybox --list 2>/dev/null | grep -qx httpd; then printf 'server busybox %s\\n' "$t"; fi
  systemctl show --property=LoadState,ActiveState,UnitFileState,NeedDaemonReload -- "$unit" 2>/dev/null | sed 's/^/unit /'
  f=/etc/systemd/system/$unit
  if [ -f "$f" ]; then printf 'unit-file %s\\n' "$(head -c 262144 <"$f" | flat)"; fi
  if [ -f "$r/config" ] && serves "$r" "$url"; then echo 'answers yes'; fi
fi
echo end
`;

/** The question of the `ostree_repo` module: one script for everything. */
export function ask(want: Params): Questions {
  const { path, from = '', serve, keep, deltas, refs = [] } = want;
  const depth = Math.max(keep ?? 1, (deltas?.previous ?? 0) + 1);
  const served = serve === undefined ? ['', ''] : [serve.unit, servedUrl(serve)];
  const about = [path, ...keyOf(want), String(depth), from, ...served, keep === undefined ? '' : 'all'];
  return { repo: withOptions(script(ASK, ...about, ...refs), { timeoutMs: 120_000 }) };
}

/** The key, how gpg lists it, and where it lies. */
function keyOf({ sign, verify }: Params): readonly string[] {
  if (sign !== undefined) return [sign.key, '--list-secret-keys', sign.home];
  return verify === undefined ? ['', '', ''] : [verify.key, '--list-keys', verify.home];
}
