import type { Questions } from '../../core/answer.ts';
import { script, withOptions } from '../../core/command.ts';
import { isPath } from './mount-schema.ts';
import { homeOf } from './options.ts';
import { unitPath } from './render.ts';
import type { Params } from './schema.ts';

// `.ID` is its name in podman and docker alike; podman takes `.Id` only where it stands alone.
// Only these fields are asked for: the environment of a container may hold secrets.
const CONTAINER =
  '{"Id":{{json .ID}},"Image":{{json .Image}},"State":{{json .State}},"Config":{"Labels":{{json .Config.Labels}}}}';
const IMAGE = '{"Id":{{json .ID}},"RepoDigests":{{json .RepoDigests}},"Config":{"Labels":{{json .Config.Labels}}}}';

const PROPERTIES =
  'LoadState,ActiveState,SubState,Result,NRestarts,FragmentPath,SourcePath,UnitFileState,NeedDaemonReload,WantedBy';

/** A busy engine may take this long, in milliseconds: it waits for its own lock while an image comes. */
const ANSWER_MS = 5 * 60_000;

// Lines of a key and a value; a unit file travels as base64, and JSON holds no line end that means anything.
const ASK = `wished=$1 name=$2 image=$3 from=$4 home=$5 quadlet=$6 plain=$7; shift 7
flat() { base64 | tr -d '\\n'; }
line() { tr -d '\\n'; }
kind() {
  if [ -d "$1" ]; then echo folder; elif [ -f "$1" ]; then echo file; elif [ -e "$1" ]; then echo other; else echo absent; fi
}
command -v systemctl >/dev/null || echo 'lacks systemctl'
[ -w /etc/systemd/system ] || echo 'closed yes'
if [ -x /usr/lib/systemd/system-generators/podman-system-generator ] && [ -f /sys/fs/cgroup/cgroup.controllers ]; then echo 'quadlet yes'; fi
if [ -f "$quadlet" ]; then printf 'quadlet-file %s\\n' "$(head -c 262144 <"$quadlet" | flat)"; fi
if [ -f "$plain" ]; then printf 'plain-file %s\\n' "$(head -c 262144 <"$plain" | flat)"; fi
systemctl show --property=${PROPERTIES} -- "$name.service" 2>/dev/null | sed 's/^/unit /'
if [ -n "$from" ]; then systemctl show --property=${PROPERTIES} -- "$from" 2>/dev/null | sed 's/^/from /'; fi
if [ -e "$home" ]; then echo 'home yes'; fi
if [ -e "$home/setup" ]; then echo 'setup yes'; fi
for f in "$home"/secrets/*; do
  [ -f "$f" ] || continue
  s=$(sha256sum <"$f") && printf 'secret %s %s\\n' "\${s%% *}" "\${f##*/}"
done
for one in "$@"; do
  value=\${one#?:}
  case $one in
    m:*) printf 'path %s %s\\n' "$(kind "$value")" "$value";;
    c:*) printf 'created %s %s\\n' "$(kind "$value")" "$value";;
    o:*) if command -v atomic >/dev/null; then echo 'atomic yes'; fi
      if [ -f "$value" ]; then printf 'info %s\\n' "$(line <"$value")"; fi;;
  esac
done
e=
for t in $wished; do
  if e=$(command -v "$t"); then printf 'engine %s %s\\n' "$e" "$("$e" --version 2>/dev/null | head -n 1)"; break; fi
done
[ -n "$e" ] || exit 0
case $e in */docker) "$e" version --format '{{.Server.Version}}' >/dev/null 2>&1 || { echo 'down yes'; exit 0; };; esac
if j=$("$e" container inspect --format '${CONTAINER}' "$name" 2>/dev/null); then printf 'container %s\\n' "$(printf %s "$j" | line)"
elif "$e" container inspect "$name" >/dev/null 2>&1; then echo 'unread container'; fi
if [ -n "$image" ] && j=$("$e" image inspect --format '${IMAGE}' "$image" 2>/dev/null); then printf 'image %s\\n' "$(printf %s "$j" | line)"
elif [ -n "$image" ] && "$e" image inspect "$image" >/dev/null 2>&1; then echo 'unread image'; fi
for one in "$@"; do
  value=\${one#?:}
  case $one in
    v:*) if "$e" volume inspect "$value" >/dev/null 2>&1; then printf 'volume %s\\n' "$value"; fi;;
    n:*) if o=$("$e" network inspect --format '{{index .Labels "copse.for"}}' "$value" 2>/dev/null); then
        printf 'network %s %s\\n' "$value" "$o"
        "$e" ps -a --filter "network=$value" --format '{{.Names}}' 2>/dev/null | sed "s/^/network-user $value /"
      fi;;
    p:*) if o=$("$e" pod inspect --format '{{index .Labels "copse.for"}}' "$value" 2>/dev/null); then
        printf 'pod %s %s\\n' "$value" "$o"
        "$e" ps -a --filter "pod=$value" --format '{{.IsInfra}} {{.Names}}' 2>/dev/null | sed -n "s/^false /pod-user $value /p"
      fi;;
  esac
done
`;

/** The question of the `container_service` module: one script for everything. */
export function ask(want: Params): Questions {
  const { name, image = '', migrate = '' } = want;
  const about = [engines(want), name, image, migrate, homeOf(name), unitPath(name, 'quadlet'), unitPath(name, 'plain')];
  return { host: withOptions(script(ASK, ...about, ...items(want)), { timeoutMs: ANSWER_MS }) };
}

// The facts are no proof that a tool is missing: on a busy host it may not have answered in its time.
function engines({ storage, engine }: Params): string {
  if (storage === 'ostree') return '';
  return engine === 'auto' ? 'podman docker' : engine;
}

function items(want: Params): string[] {
  return [
    ...(want.storage === 'ostree' ? [`o:/var/lib/containers/atomic/${want.name}/info`] : []),
    ...want.mounts.map((mount) => `${isPath(mount) ? 'm' : 'v'}:${mount.source}`),
    ...(want.setup?.creates ?? []).map((path) => `c:${path}`),
    ...want.networks.map(({ name }) => `n:${name}`),
    ...(want.pod === undefined ? [] : [`p:${want.pod}`]),
  ];
}
