import { script, withOptions, type Command } from '../core/command.ts';

/** A disk that does not answer must not hold up the questions of other tasks for ever. */
const DEADLINE_MS = 120_000;

// The kernel's own files for what uses a device, and the disk itself for what is on it: the udev database that lsblk reads may be
// empty or old. `wipefs -p` is the one form of its output that every version has.
const LOOK = `node_of() { set -- $(stat -L -c '0x%t 0x%T' -- "$1" 2>/dev/null); [ $# -eq 2 ] && printf '%d:%d\\n' "$1" "$2"; }
file() { cat -- "$1" 2>/dev/null || echo; }
hex() { od -An -v -tx1 -j "$2" -N "$3" -- "$1" 2>/dev/null | tr -d ' \\n'; }
mounted_on() {
  while read -r _ _ v _ m _; do
    [ "$v" = "$1" ] && { printf '%b' "$m"; break; }
  done </proc/self/mountinfo
}
look() {
  s=/sys/dev/block/$2
  printf 'node %s\\nsectors %s\\nro %s\\n' "$2" "$(file "$s/size")" "$(file "$s/ro")"
  q=$s/queue
  [ -d "$q" ] || q=$s/../queue
  printf 'io %s %s %s\\n' "$(file "$q/minimum_io_size")" "$(file "$q/optimal_io_size")" "$(file "$s/alignment_offset")"
  [ ! -e "$s/dm/uuid" ] || printf 'dm %s %s\\n' "$(file "$s/dm/name")" "$(file "$s/dm/uuid")"
  for h in "$s"/holders/*; do
    [ ! -e "$h" ] || printf 'holder %s %s\\n' "\${h##*/}" "$(file "$h/dm/name")"
  done
  sigs=$(wipefs -p -- "$1" 2>/dev/null)
  echo "wipefs $?"
  sigs=$(printf '%s\\n' "$sigs" | grep '^0x')
  [ -z "$sigs" ] || printf '%s\\n' "$sigs" | sed 's/^/sig /'
  x=$(blkid -p -o export -- "$1" 2>/dev/null)
  echo "blkid $?"
  [ -z "$x" ] || printf '%s\\n' "$x" | sed 's/^/probe /'
  case $x in
    *TYPE=ext[234]*) printf 'super %s\\n' "$(hex "$1" 1024 344)" ;;
    *TYPE=btrfs*) printf 'super %s\\n' "$(hex "$1" 65536 224)" ;;
    *TYPE=xfs*)
      printf 'super %s\\n' "$(hex "$1" 0 16)"
      m=$(mounted_on "$2")
      [ -z "$m" ] || printf 'xfs %s\\n' "$(xfs_info "$m" 2>/dev/null | tr '\\n' ' ')" ;;
  esac
}
grep -E '^[0-9]+ [0-9]+ ([1-9][0-9]*:|0:.* - btrfs )' /proc/self/mountinfo 2>/dev/null | sed 's/^/mnt /'
while read -r f _; do
  [ ! -b "$f" ] || printf 'swap %s\\n' "$(node_of "$f")"
done </proc/swaps 2>/dev/null
for d do
  echo dev
  if [ -b "$d" ]; then
    printf 'real %s\\n' "$(readlink -f -- "$d")"
    n=$(node_of "$d")
    look "$d" "$n"
    more "$d"
    for p in "/sys/dev/block/$n"/*/partition; do
      [ -e "$p" ] || continue
      p=\${p%/partition}
      printf 'part\\nreal /dev/%s\\n' "$(printf '%s' "\${p##*/}" | tr '!' /)"
      look "/dev/$(printf '%s' "\${p##*/}" | tr '!' /)" "$(file "$p/dev")"
    done
  elif [ -e "$d" ] || [ -L "$d" ]; then echo other
  else echo absent
  fi
done
echo end
`;

/**
 * The question that answers `readBlocks`: what the devices are, what is on them and who uses them. `more` is the body of a shell
 * function that may print further lines about the device `$1`; `$sigs` has its signatures.
 */
export function askBlocks(paths: readonly string[], more = ':'): Command {
  const command = script(`more() {\n${more}\n}\n${LOOK}`, ...paths);
  return withOptions(command, { timeoutMs: DEADLINE_MS });
}
