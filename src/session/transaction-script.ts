import { quote, script, type Command } from '../core/command.ts';
import type { Payload } from './launch.ts';
import { commandScript, stdinBytes } from './statement.ts';

/** How far the outputs of a transaction were read, in bytes. */
export interface Offsets {
  readonly stdout: number;
  readonly stderr: number;
}

/** Exit statuses of the script that begins and follows a transaction. */
export const FOLLOW = { ended: 0, folder: 71, input: 72, killed: 73, unstarted: 74, rebooted: 75, gone: 76 } as const;

/** Where the record of a transaction is kept: in memory for root, in the home folder otherwise. */
const FOLDER = `if [ "$(id -u)" = 0 ]; then base=/run/copse; else base=\${HOME:-/nonexistent}/.local/state/copse; fi
dir=$base/$1`;

const BOOT_ID = '$(cat /proc/sys/kernel/random/boot_id)';

/** Asks for the boot the host is in; a transaction does not outlive it. */
export function bootQuestion(): Command {
  return script('cat /proc/sys/kernel/random/boot_id');
}

/** Asks how a transaction ended: its exit status, and whether output beyond the cap was dropped. */
export function statusQuestion(name: string): Command {
  return script(
    `${FOLDER}
cat -- "$dir/status" || exit; [ ! -e "$dir/cut" ] || echo cut`,
    name,
  );
}

/** Removes the record of a transaction that is over. */
export function forgetQuestion(name: string): Command {
  return script(
    `${FOLDER}
rm -rf -- "$dir"`,
    name,
  );
}

/** Tells a transaction to end, and kills what is left after `graceSeconds`. */
export function cancelQuestion(name: string, graceSeconds: number): Command {
  return script(CANCEL, name, String(graceSeconds));
}

const CANCEL = `${FOLDER}
[ -f "$dir/pid" ] && [ ! -f "$dir/status" ] || exit 0
pid=$(cat -- "$dir/pid")
grep -qF -- "$1" "/proc/$pid/cmdline" || exit 0
kill -TERM "-$pid" || kill -TERM "$pid"
i=0
while kill -0 "-$pid" 2>/dev/null && [ "$i" -lt "$((10 * $2))" ]; do sleep 0.1 || sleep 1; i=$((i + 1)); done
kill -KILL "-$pid" 2>/dev/null
if [ -e "$dir/unit" ]; then systemctl stop -- "$1.service"; fi
exit 0`;

/**
 * Runs on its own, apart from any connection: the command, its outputs into files, its exit status into a file that
 * appears whole. Runs once, however often it is started.
 */
const RUNNER = `dir=$1 PATH=$2 LC_ALL=$3 HOME=$4
export PATH LC_ALL HOME
umask 022
trap '' HUP
trap : TERM INT
mkdir -- "$dir/lock" 2>/dev/null || exit 0
echo $$ >"$dir/pid.new" && mv -f -- "$dir/pid.new" "$dir/pid"
cd -- "$HOME" 2>/dev/null || cd /
job=$(cat -- "$dir/job") || exit 0
if [ -e "$dir/in" ]; then exec 3<"$dir/in"; else exec 3</dev/null; fi
rm -f -- "$dir/job" "$dir/in"
{
  while sleep 1 && [ -d "$dir" ] && [ ! -e "$dir/status" ]; do
    for file in out err; do
      [ "$(wc -c <"$dir/$file")" -gt "$5" ] && truncate -s "$5" -- "$dir/$file" && : >"$dir/cut"
    done
  done
} </dev/null >/dev/null 2>&1 3<&- &
( trap - HUP; eval "$job" ) <&3 3<&- >>"$dir/out" 2>>"$dir/err"
code=$?
kill -KILL "$!"
echo "$code" >"$dir/status.new" && mv -f -- "$dir/status.new" "$dir/status"
exit 0`;

/**
 * Begins a transaction unless one of its name is known, then follows its output from the offsets to its end. Nothing is begun
 * before all of it has arrived, and nothing in another boot than the one it belongs to.
 */
const BEGIN = `${FOLDER}
job=$2 boot=$3 size=$4 out=$5 err=$6 cap=$7 runner=$8
umask 077
[ "${BOOT_ID}" = "$boot" ] || exit ${FOLLOW.rebooted}
mkdir -p -- "$base" || exit ${FOLLOW.folder}
if [ -d "$dir" ] && [ "$(cat -- "$dir/boot" 2>/dev/null)" != "$boot" ]; then
  [ -f "$dir/status" ] || [ ! -f "$dir/pid" ] || exit ${FOLLOW.rebooted}
fi
if [ ! -d "$dir" ]; then
  new=$base/.new.$$
  rm -rf -- "$new"
  mkdir -- "$new" || exit ${FOLLOW.folder}
  trap 'rm -rf -- "$new"' EXIT
  if [ -n "$size" ]; then
    cat >"$new/in" && [ "$(wc -c <"$new/in")" -eq "$size" ] || exit ${FOLLOW.input}
  fi
  trap '' HUP PIPE TERM INT
  printf '%s\\n' "$job" >"$new/job" && printf '%s\\n' "$runner" >"$new/run" && echo "$boot" >"$new/boot" || exit ${FOLLOW.folder}
  : >"$new/out"
  : >"$new/err"
  if mkdir -- "$dir" 2>/dev/null; then
    mv -- "$new"/* "$dir/" || exit ${FOLLOW.folder}
    started=
    if [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then
      : >"$dir/unit"
      systemd-run --quiet --unit="$1" --description="copse $1" --property=TimeoutStopSec=20 \\
        /bin/sh "$dir/run" "$dir" "$PATH" "$LC_ALL" "\${HOME:-/}" "$cap" </dev/null >/dev/null 2>&1 && started=yes
      [ -n "$started" ] || rm -f -- "$dir/unit"
    fi
    if [ -z "$started" ]; then
      detach=
      if command -v setsid >/dev/null; then detach=setsid; fi
      ( trap - HUP PIPE TERM INT QUIT
        exec $detach /bin/sh "$dir/run" "$dir" "$PATH" "$LC_ALL" "\${HOME:-/}" "$cap" ) </dev/null >/dev/null 2>&1 &
    fi
  fi
  trap - HUP PIPE TERM INT
fi
# An output that shrank was cut off at the cap; what lies beyond it came later.
show() {
  now=$( (wc -c <"$dir/$1") 2>/dev/null) from=$2
  [ -n "$now" ] || exit ${FOLLOW.gone}
  [ "$now" -ge "$from" ] || from=$cap
  [ "$now" -gt "$from" ] || return 0
  tail -c "+$((from + 1))" -- "$dir/$1" | head -c "$((now - from))"
}
pid= idle=0
while :; do
  end=
  if [ ! -d "$dir" ]; then exit ${FOLLOW.gone}; fi
  if [ -f "$dir/status" ]; then end=${FOLLOW.ended}
  elif [ -n "$pid" ]; then kill -0 "$pid" 2>/dev/null || [ -f "$dir/status" ] || end=${FOLLOW.killed}
  elif [ -f "$dir/pid" ]; then
    read -r pid <"$dir/pid"
    grep -qF -- "$1" "/proc/$pid/cmdline" 2>/dev/null || [ -f "$dir/status" ] || end=${FOLLOW.killed}
  elif [ "$idle" -gt 60 ]; then end=${FOLLOW.unstarted}
  fi
  before=$out:$err
  show out "$out"
  out=$now
  show err "$err" >&2
  err=$now
  [ -z "$end" ] || exit "$end"
  if [ "$before" = "$out:$err" ]; then idle=$((idle + 1)); else idle=0; fi
  if [ "$idle" -lt 10 ]; then sleep 0.05; elif [ "$idle" -lt 100 ]; then sleep 0.2; else sleep 0.5; fi 2>/dev/null || sleep 1
done`;

/** What begins, attaches to and follows a transaction. */
export interface FollowRequest {
  readonly name: string;
  readonly command: Command;
  readonly boot: string;
  readonly from: Offsets;
  /** What is kept of each output. */
  readonly capBytes: number;
}

/** The script and its stdin. A secret in the command keeps it out of every argument list; it is read from a private file once. */
export function followScript({ name, command, boot, from, capBytes }: FollowRequest): Payload {
  const job = commandScript(command);
  const size = command.stdin === undefined ? '' : String(stdinBytes(command).length);
  const words = [name, job.text, boot, size, String(from.stdout), String(from.stderr), String(capBytes), RUNNER];
  return { text: `set -- ${words.map(quote).join(' ')}\n${BEGIN}`, secret: job.secret };
}
