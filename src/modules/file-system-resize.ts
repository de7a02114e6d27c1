import { script } from '../core/command.ts';
import type { Explain, Step } from '../core/step.ts';

/** File systems that can be made larger in place. */
export const GROWABLE: readonly string[] = ['ext2', 'ext3', 'ext4', 'xfs', 'btrfs'];

/** File systems that can be made smaller, while nothing is mounted. */
export const SHRINKABLE: readonly string[] = ['ext2', 'ext3', 'ext4'];

// A mounted file system grows through one of its mount points, which must be writable: on ostree hosts the first one, /sysroot, is
// not. It is made so in a mount namespace of the command's own, which nobody else sees. xfs and btrfs must be mounted to grow.
const GROW = `d=$1 wish=$2 n= m= w= v= t=$2
set -- $(stat -L -c '0x%t 0x%T' -- "$d") || exit
n=$(printf '%d:%d' "$1" "$2")
t=\${t:-$(blkid -p -o value -s TYPE -- "$d")}
real=$(readlink -f -- "$d")
while read -r _ _ v root p options rest; do
  if [ "$v" != "$n" ]; then
    case $rest in *' - btrfs '*) rest=\${rest##* - btrfs } ;; *) continue ;; esac
    [ "$(readlink -f -- "\${rest%% *}")" = "$real" ] || continue
  fi
  p=$(printf '%b' "$p")
  m=\${m:-$p}
  case ",$options," in *,rw,*) ;; *) [ "$p" != "$m" ] || locked=yes; continue ;; esac
  if [ "$root" = / ]; then w=$p; break; fi
  w=\${w:-$p}
done </proc/self/mountinfo
inside() {
  unshare --mount sh -c 'mount --make-rprivate / && p=$1 && shift && mount -o remount,bind,rw -- "$p" && exec "$@"' copse "$m" "$@"
}
borrow() {
  unshare --mount sh -c 'mount --make-rprivate / && p=$(mktemp -d /run/copse-grow.XXXXXX) && mount -t "$1" -- "$2" "$p" || exit
    shift 2; "$@" "$p"; c=$?; umount "$p"; rmdir "$p"; exit $c' copse "$t" "$d" "$@"
}
case $t in
  ext[234])
    if [ -z "$m" ]; then e2fsck -f -p -- "$d"; [ $? -le 1 ] && exec resize2fs "$d"
    elif [ "\${locked-}" = yes ]; then inside resize2fs "$d"
    else exec resize2fs "$d"
    fi ;;
  xfs)
    if [ -z "$m" ]; then borrow xfs_growfs
    elif [ -z "$w" ]; then inside xfs_growfs "$m"
    else exec xfs_growfs "$w"
    fi ;;
  btrfs)
    if [ -z "$m" ]; then borrow btrfs filesystem resize max
    elif [ -z "$w" ]; then inside btrfs filesystem resize max "$m"
    else exec btrfs filesystem resize max "$w"
    fi ;;
  *) [ -n "$wish" ] || exit 0
    echo "no file system that can grow is on $d (found: \${t:-nothing})" >&2; exit 65 ;;
esac
`;

// The file system ends before the device is cut; a check comes first, as resize2fs demands.
const SHRINK = `e2fsck -f -p -- "$1"; [ $? -le 1 ] && exec resize2fs "$1" "$2"`;

/**
 * Makes the file system on a device as large as the device. An empty type is found out on the host when the device is there, and
 * nothing is done where none can grow.
 */
export function growStep(device: string, type: string): Step {
  const what = type === '' ? 'the file system' : `the ${type} file system`;
  return {
    do: 'transaction',
    say: `grow ${what} on ${device} to the size of its device`,
    command: script(GROW, device, type),
    explain: explainGrow,
  };
}

/** Makes an ext file system smaller; `bytes` is a multiple of 1024. */
export function shrinkStep(device: string, bytes: number): Step {
  return {
    do: 'transaction',
    say: `check the file system on ${device} and shrink it to ${bytes / 1024} KiB`,
    command: script(SHRINK, device, `${bytes / 1024}K`),
    explain: ({ code, stderr }) => ({
      message: `the file system on ${device} was not shrunk (exit ${code ?? 'unknown'}): ${tail(stderr)}`,
      hint: 'nothing was cut; it may hold more than fits, or need a repair with e2fsck first',
    }),
  };
}

const explainGrow: Explain = ({ code, stderr }) => {
  if (code !== 127) return undefined;
  return {
    message: `the host lacks the tool that grows this file system: ${tail(stderr)}`,
    hint: 'layer e2fsprogs, xfsprogs or btrfs-progs',
    code: 'E_UNSUPPORTED',
  };
};

function tail(text: string): string {
  return text.trim().split('\n').slice(-3).join(' | ').slice(0, 300);
}
