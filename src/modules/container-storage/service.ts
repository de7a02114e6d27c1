import { cmd, script } from '../../core/command.ts';
import type { Explain, Step } from '../../core/step.ts';
import type { Params } from './schema.ts';
import type { Have } from './state.ts';

/** Stops docker and the socket that would start it again; no step when neither is active. */
export function stopSteps(want: Params, have: Have): readonly Step[] {
  const units = [...(have.isSocketActive ? ['docker.socket'] : []), ...(have.isActive ? [want.service] : [])];
  if (units.length === 0) return [];
  return [{ do: 'run', say: `stop ${units.join(' and ')}`, command: cmd('systemctl', 'stop', '--', ...units) }];
}

const START = 'systemctl reset-failed -- "$1" 2>/dev/null; exec systemctl start -- "$1"';

/** Starts docker, also after it has failed too often. */
export function startStep({ service }: Params): Step {
  return { do: 'run', say: `start ${service}`, command: script(START, service), explain: explainStart(service) };
}

/** Starts docker anew, so that it reads its configuration. */
export function restartStep({ service }: Params): Step {
  return {
    do: 'run',
    say: `restart ${service}`,
    command: cmd('systemctl', 'restart', '--', service),
    explain: explainStart(service),
  };
}

function explainStart(service: string): Explain {
  return ({ code, stderr }) => ({
    message: `${service} does not start (exit ${code ?? 'unknown'}): ${stderr.trim().slice(0, 200)}`,
    hint: `"journalctl -u ${service} -n 50 --no-pager" on the host says why`,
  });
}

// Mounts of containers are gone with docker; what is left goes deepest first, and nothing is deleted through a mount.
const EMPTY = `root=$1
for i in 1 2 3 4 5 6 7 8; do
  left=$(while read -r _ _ _ _ m _; do
    m=$(printf '%b' "$m")
    case $m in "$root"/*) printf '%s\\n' "$m" ;; esac
  done </proc/self/mountinfo | sort -r)
  [ -n "$left" ] || break
  printf '%s\\n' "$left" | while IFS= read -r m; do umount -- "$m"; done
done
[ -z "$left" ] || { printf 'still mounted:\\n%s\\n' "$left" >&2; exit 32; }
find "$root" -xdev -mindepth 1 -delete || exit
if command -v restorecon >/dev/null 2>&1; then restorecon -R -- "$root"; fi
exit 0
`;

/** Removes everything below the data root: images, containers and the volumes of users. */
export function emptyStep({ data_root: root }: Params, { volumes }: Have): Step {
  const also = volumes === 0 ? '' : `, ${volumes} volume${volumes === 1 ? '' : 's'} of users among it`;
  return {
    do: 'transaction',
    say: `remove everything below ${root}${also}`,
    command: script(EMPTY, root),
    destroys: [root],
    explain: ({ code, stderr }) => {
      if (code !== 32) return undefined;
      const hint = `"fuser -vm ${root}" on the host shows who uses it`;
      return { code: 'E_BUSY', message: `nothing was removed: ${stderr.trim().slice(0, 300)}`, hint };
    },
  };
}
