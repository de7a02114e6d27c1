import { shellText, script, type Command } from '../../core/command.ts';
import { serviceText, timerText, UNDO } from './undo-script.ts';

/** Exit codes of the scripts below, told apart from those of tools. */
export const SAYS = { otherGuard: 120, notRoot: 121, noSystemd: 122, gone: 123, notSaved: 124 } as const;

/** What a host must know to undo by itself. */
export interface UndoWish {
  readonly withinMs: number;
  readonly undo: readonly (readonly string[])[];
  readonly reload: readonly string[];
  readonly restart: readonly string[];
  /** Deployments are changed in the window, so the one that runs now is booted again. */
  readonly deployments: boolean;
}

// Everything is on disk before the timer starts. A record that nobody read is removed by the next guard.
const ARM = `umask 077
name=$1 base=/var/lib/copse/guard etc=/etc/systemd/system
dir=$base/$name
[ "$(id -u)" = 0 ] || exit ${SAYS.notRoot}
[ -d /run/systemd/system ] || exit ${SAYS.noSystemd}
for other in "$base"/*; do
  [ -d "$other" ] || continue
  if [ -e "$other/armed" ] || [ -e "$other/undoing" ]; then
    [ "$other" = "$dir" ] && exit 0
    echo "\${other##*/}"
    exit ${SAYS.otherGuard}
  fi
  systemctl stop "copse-guard-\${other##*/}@fire.service" "copse-guard-\${other##*/}@boot.service" >/dev/null 2>&1
  rm -rf -- "$other"
done
mkdir -p -m 0755 /var/lib/copse && mkdir -p "$base" && mkdir -p "$dir/files" && cd "$dir" || exit 1
printf '%s' "$2" >undo.sh && printf '%s\\n' "$5" >commands && printf '%s' "$6" >units && : >paths || exit 1
if [ "$7" = deployments ]; then
  ids() { ostree admin status 2>/dev/null | sed -n "s/^[$1] \\\\([^ ]*\\\\) \\\\([0-9a-f]\\\\{64\\\\}\\\\.[0-9][0-9]*\\\\).*/\\\\1-\\\\2/p" | head -n 1; }
  ids '*' >booted && ids '* ' >first || exit 1
fi
mkdir -p "$etc/timers.target.wants" "$etc/multi-user.target.wants"
printf '%s' "$3" >"$etc/copse-guard-$name@.service" && printf '%s' "$4" >"$etc/copse-guard-$name.timer" || exit 1
ln -sf "../copse-guard-$name.timer" "$etc/timers.target.wants/copse-guard-$name.timer" || exit 1
ln -sf "../copse-guard-$name@.service" "$etc/multi-user.target.wants/copse-guard-$name@boot.service" || exit 1
: >armed || exit 1
sync
systemctl daemon-reload && systemctl start "copse-guard-$name.timer" && exit 0
systemctl stop "copse-guard-$name.timer" 2>/dev/null
rm -rf "$dir" "$etc/copse-guard-$name@.service" "$etc/copse-guard-$name.timer" "$etc/timers.target.wants/copse-guard-$name.timer" "$etc/multi-user.target.wants/copse-guard-$name@boot.service"
systemctl daemon-reload
exit 1`;

/** Makes the host able to undo by itself and starts its timer. Prints the name of another guard where one is open. */
export function armCommand(name: string, wish: UndoWish): Command {
  const withinS = Math.max(1, Math.ceil(wish.withinMs / 1000));
  const commands = wish.undo.map((words, index) => `run 'undo command ${index + 1}' ${shellText(words)}`).join('\n');
  const units = [
    ...wish.reload.map((unit) => `reload-or-restart ${unit}`),
    ...wish.restart.map((unit) => `restart ${unit}`),
  ];
  const lines = units.map((line) => `${line}\n`).join('');
  const texts = [UNDO, serviceText(name), timerText(name, withinS), commands, lines];
  return script(ARM, name, ...texts, wish.deployments ? 'deployments' : '');
}

const KEEP = `umask 077
cd "/var/lib/copse/guard/$1" 2>/dev/null && [ -e armed ] || exit ${SAYS.gone}
timer=copse-guard-$1.timer
shift
for path in "$@"; do
  grep -qxF -- "$path" paths && continue
  at=$(($(wc -l <paths) + 1))
  rm -rf "files/$at"
  if [ -e "$path" ] || [ -L "$path" ]; then cp -a -- "$path" "files/$at"; else : >"files/$at.absent"; fi || { echo "$path"; exit ${SAYS.notSaved}; }
  printf '%s\\n' "$path" >>paths || exit ${SAYS.notSaved}
done
[ "$#" = 0 ] || sync
systemctl restart "$timer" || exit 1
[ -e armed ] || exit ${SAYS.gone}`;

/** Keeps copies of what is at the paths now, or that nothing is there, and lets the time run anew. */
export function keepCommand(name: string, paths: readonly string[]): Command {
  return script(KEEP, name, ...paths);
}

/** What somebody comes to a guard for: to confirm, to have it undone now, to look, or to take its record away. */
export type Visit = 'confirm' | 'undo' | 'look' | 'forget';

const VISIT = `name=$1 want=$2 base=/var/lib/copse/guard etc=/etc/systemd/system
dir=$base/$name
remove() {
  systemctl stop "copse-guard-$name.timer"
  [ "$1" = ended ] && systemctl stop "copse-guard-$name@fire.service" "copse-guard-$name@boot.service"
  rm -f "$etc/copse-guard-$name.timer" "$etc/copse-guard-$name@.service" "$etc/timers.target.wants/copse-guard-$name.timer" "$etc/multi-user.target.wants/copse-guard-$name@boot.service"
  systemctl daemon-reload
  systemctl reset-failed "copse-guard-$name@fire.service" "copse-guard-$name@boot.service"
  cd /
  rm -rf -- "$dir"
  rmdir "$base"
} >/dev/null 2>&1
cd "$dir" 2>/dev/null || { echo none; exit; }
if [ -e confirmed ] || { [ "$want" = confirm ] && mv armed confirmed 2>/dev/null; }; then
  remove
  echo confirmed
elif [ -e armed ]; then
  [ "$want" = undo ] && systemctl --no-block start "copse-guard-$name@fire.service"
  echo armed
elif [ -e undoing ]; then
  echo undoing
else
  echo undone
  cat failed
  if [ "$want" = forget ]; then remove ended; fi
fi`;

/** Confirms, undoes, looks or forgets; prints `none`, `armed`, `confirmed`, `undoing`, or `undone` and what could not be undone. */
export function visitCommand(name: string, want: Visit): Command {
  return script(VISIT, name, want);
}
