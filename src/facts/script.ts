import { randomBytes } from 'node:crypto';
import { script, type Command } from '../core/command.ts';

// A tool that is missing, fails or hangs must not keep the others from answering.
const TOOLS = `has() { command -v "$1" >/dev/null 2>&1; }
if timeout 1 true >/dev/null 2>&1; then slow() { timeout "$@"; }; else slow() { shift; "$@"; }; fi
`;

const DEPLOYMENTS = `deployments() {
  if has rpm-ostree; then slow 20 rpm-ostree status --json 2>/dev/null && return; fi
  if has bootc; then slow 20 bootc status --json --format-version=1 2>/dev/null && return; fi
  if has bootc; then slow 20 bootc status --json 2>/dev/null && return; fi
  if has ostree && [ -e /run/ostree-booted ]; then
    slow 20 ostree admin status --json 2>/dev/null || slow 20 ostree admin status 2>/dev/null
  fi
}
`;

/**
 * Tells everything copse wants to know of a host. POSIX sh and coreutils; whatever else is missing leaves its section empty.
 * Each section begins with a line that holds the marker; the last one is `end`. Slow tools start at once and run beside the
 * one question that wakes a daemon.
 */
const FACTS = `m=$1
s() { printf '\\n%s %s\\n' "$m" "$1"; }
${TOOLS}${DEPLOYMENTS}line() { v=$(slow 5 "$@" 2>/dev/null | tr '\\n' ' ') && [ -n "$v" ] && printf '%s %.200s\\n' "$1" "$v"; }
s tools
for tool in rpm-ostree ostree bootc podman docker; do
  if has $tool; then line $tool --version & fi
done
if has lvm; then line lvm version & fi
found=$(deployments)
wait
s deployments
printf '%s\\n' "$found"
s os
cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null
s host
echo "uname $(uname -nrm)"
for f in /proc/sys/kernel/random/boot_id /etc/machine-id /proc/uptime; do
  v=
  read -r v 2>/dev/null <"$f"
  echo "\${f##*/} $v"
done
echo "clock $(date +%s)"
echo "cpus $(nproc 2>/dev/null || grep -c '^processor' /proc/cpuinfo)"
echo "uid $(id -u)"
echo "user $(id -un)"
printf 'home %s\\n' "$HOME"
[ ! -e /run/ostree-booted ] || echo ostree-booted
s memory
grep -E '^Mem(Total|Available|Free):' /proc/meminfo 2>/dev/null
s devices
slow 5 lsblk -P -b -o NAME,KNAME,TYPE,SIZE,FSTYPE,MOUNTPOINT,PKNAME 2>/dev/null || cat /proc/partitions 2>/dev/null
s mounts
cat /proc/self/mounts 2>/dev/null
s space
slow 5 df -P -k -l 2>/dev/null || slow 5 df -P -k 2>/dev/null
s systemd
if has systemctl; then
  v=$(slow 5 systemctl show --property=Version --property=SystemState --property=NFailedUnits 2>/dev/null)
  printf '%s\\n' "$v"
  case $v in *NFailedUnits=0*|'') ;; *) slow 5 systemctl list-units --state=failed --plain --no-legend --no-pager 2>/dev/null ;; esac
fi
s end
`;

/** The one question whose answer `parseFacts` reads. */
export function factsQuestion(): Command {
  return script(FACTS, `copse-${randomBytes(8).toString('hex')}`);
}

/** The deployments alone: its output is for `parseDeployments`, and empty on a host that has none. */
export function deploymentsQuestion(): Command {
  return script(`${TOOLS}${DEPLOYMENTS}deployments; :`);
}
