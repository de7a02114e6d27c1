import type { Questions } from '../../core/answer.ts';
import { script, withOptions, type Command } from '../../core/command.ts';

/** The units of all versions: one process since 24.3, four before. */
export const UNITS = [
  'cloud-init-main',
  'cloud-init-local',
  'cloud-init',
  'cloud-init-network',
  'cloud-config',
  'cloud-final',
];

/** Units that finish the provisioning of hosts with Ignition. */
export const IGNITION_UNITS = [
  'coreos-ignition-firstboot-complete',
  'afterburn',
  'afterburn-sshkeys@core',
  'afterburn-checkin',
  'afterburn-firstboot-checkin',
];

// Only what lies in /run describes this boot. The tool itself starts Python, so it is asked only where there are no files.
const ASK = `line() { head -c 65536 -- "$1" | tr -d '\\n'; }
if command -v cloud-init >/dev/null; then echo 'has cloud-init'; fi
for f in enabled disabled; do if [ -e "/run/cloud-init/$f" ]; then echo "run $f"; fi; done
if [ -e /etc/cloud/cloud-init.disabled ]; then echo 'marker yes'; fi
if [ -f /run/cloud-init/status.json ]; then printf 'status %s\\n' "$(line /run/cloud-init/status.json)"; fi
if [ -f /run/cloud-init/result.json ]; then printf 'result %s\\n' "$(line /run/cloud-init/result.json)"; fi
if [ -r /var/lib/cloud/data/previous-instance-id ]; then printf 'previous %s\\n' "$(line /var/lib/cloud/data/previous-instance-id)"; fi
if [ -e /run/cloud-init/enabled ] && [ /var/lib/cloud/instance/sem/consume_data -nt /run/cloud-init/enabled ]; then echo 'instance new'; fi
printf 'cmdline %s\\n' "$(line /proc/cmdline)"
printf 'boot %s\\n' "$(line /proc/sys/kernel/random/boot_id)"
printf 'system %s\\n' "$(systemctl is-system-running 2>/dev/null)"
for u in "$@"; do
  echo "unit $u"
  systemctl show --property=LoadState,UnitFileState,ActiveState,SubState,Result -- "$u.service" 2>/dev/null | sed 's/^/of /'
done
i=/etc/.ignition-result.json
if [ -r "$i" ]; then printf 'ignition %s\\n' "$(line "$i")"; elif [ -e "$i" ]; then echo 'ignition {}'; fi
if [ -e /boot/ignition.firstboot ]; then echo 'firstboot yes'; fi
if command -v cloud-init >/dev/null && ! [ -e /run/cloud-init/status.json ] && ! [ -e /run/cloud-init/disabled ]; then
  if s=$(cloud-init status --format=json 2>/dev/null); [ -z "$s" ]; then s=$(cloud-init status --long 2>/dev/null); fi
  printf '%s\\n' "$s" | sed 's/^/tool /'
fi
exit 0
`;

/** The question of the `cloud_init_check` module: one script. */
export function ask(): Questions {
  return { boot: script(ASK, ...UNITS, ...IGNITION_UNITS) };
}

// Finished, or systemd has nothing left to start: then nothing will finish it either.
const OVER = `[ -e /run/cloud-init/result.json ] && exit 0
case $(systemctl is-system-running 2>/dev/null) in initializing|starting|offline|unknown|'') exit 1;; esac
for u in "$@"; do
  case $(systemctl show --property=ActiveState -- "$u.service") in ActiveState=activating) exit 1;; esac
done`;

/** The question whose exit 0 means that the first boot is over, one way or the other. */
export function isOver(): Command {
  return withOptions(script(OVER, ...UNITS, ...IGNITION_UNITS), { timeoutMs: 30_000 });
}
