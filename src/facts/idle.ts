import { script, type Command } from '../core/command.ts';

// A transaction is [method, bus name of its client, path]. Whether anybody works on it, nothing tells: only whose it is, for people.
const IDLE = `case $(systemctl show --property=ActiveState bootc-fetch-apply-updates.service greenboot-healthcheck.service 2>/dev/null) in
  *=activating*) exit 1 ;;
esac
command -v rpm-ostree >/dev/null 2>&1 || exit 0
said=$(rpm-ostree status --json 2>/dev/null | tr -d '\\n')
printf '%s' "$said" | grep -Eq '"transaction"[[:space:]]*:[[:space:]]*null' && exit 0
set -- $(printf '%s\\n' "$said" | sed -n 's/.*"transaction"[[:space:]]*:[[:space:]]*\\[[[:space:]]*"\\([A-Za-z]*\\)"[[:space:]]*,[[:space:]]*"\\(:[0-9.]*\\)".*/\\1 \\2/p')
[ "$#" = 2 ] || exit 1
bus() { busctl call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus "$1" s "$2" 2>/dev/null; }
case $(bus NameHasOwner "$2") in
  'b false') echo "$1, whose client is gone" ;;
  'b true')
    pid=$(bus GetConnectionUnixProcessID "$2")
    pid=\${pid#u }
    name=
    read -r name 2>/dev/null <"/proc/$pid/comm"
    echo "$1 of \${name:-$2}, pid \${pid:-unknown}"
    ;;
  *) echo "$1 of $2" ;;
esac
exit 1`;

/**
 * Exit 0 when nobody is at work on the deployments: no transaction of rpm-ostree, also where there is none, no automatic update of
 * bootc, and no check of greenboot, which may still go back to the deployment of before. Where it is a transaction, its output
 * says whose, for `whoseWork`.
 */
export function idleQuestion(): Command {
  return script(IDLE);
}

/** What a person can do about a transaction that does not end: copse cannot tell one on which nobody works from one that is slow. */
export const STALE_HINT =
  'copse never cancels the work of others: look with "rpm-ostree status" and "journalctl -u rpm-ostreed" on the host; one on which nobody works ends when its client is ended, or with "systemctl restart rpm-ostreed"; then run again';

/** Who is at work, in brackets behind a message; empty where the host does not tell. */
export function whoseWork(stdout: string): string {
  const who = stdout.replaceAll(/[^\x20-\x7e]+/g, ' ').trim();
  return who === '' ? '' : ` (${who.slice(0, 120)})`;
}
