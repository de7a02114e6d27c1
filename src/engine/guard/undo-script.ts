/**
 * What a host runs when nobody confirmed: written there before the change, so that it needs nobody. `undo.sh NAME fire` is started by
 * the timer or by copse, `undo.sh NAME boot` at every boot. Whether it may go on is decided by one rename: who moves `armed` away
 * first has won, the host (`undoing`) or copse (`confirmed`). A deployment that was booted since is left first, once, and the rest is
 * undone in the one of before: each has an /etc of its own. Nothing of what commands print is kept, as it may be secret.
 * What it works with stays until everything is undone: a host that dies meanwhile begins its undo again when it boots.
 * The files of its own units go, but systemd is not told while it runs: it would take a service whose file is gone for failed.
 */
export const UNDO = `name=$1 mode=$2
dir=/var/lib/copse/guard/$name
tidy() {
  rm -rf files commands booted first paths units
  rm -f "/etc/systemd/system/copse-guard-$name.timer" "/etc/systemd/system/copse-guard-$name@.service" "/etc/systemd/system/timers.target.wants/copse-guard-$name.timer" "/etc/systemd/system/multi-user.target.wants/copse-guard-$name@boot.service"
}
cd "$dir" || exit 0
[ "$mode" = fire ] && mv armed undoing 2>/dev/null
if [ ! -e undoing ]; then
  [ -e armed ] || tidy
  exit 0
fi
: >failed
fail() { printf '%s\\n' "$1" >>failed; }
limit=
command -v timeout >/dev/null 2>&1 && limit='timeout 120'
run() {
  what=$1
  shift
  $limit "$@" </dev/null >/dev/null 2>&1 || fail "$what ended with $?"
}
ids() { ostree admin status 2>/dev/null | sed -n 's/^[* ] \\([^ ]*\\) \\([0-9a-f]\\{64\\}\\.[0-9][0-9]*\\).*/\\1-\\2/p'; }
booted() { ostree admin status 2>/dev/null | sed -n 's/^\\* \\([^ ]*\\) \\([0-9a-f]\\{64\\}\\.[0-9][0-9]*\\).*/\\1-\\2/p' | head -n 1; }
put_first() {
  at=0
  for id in $(ids); do
    if [ "$id" = "$1" ]; then
      [ "$at" = 0 ] || ostree admin set-default "$at" || rpm-ostree rollback
      return
    fi
    at=$((at + 1))
  done
  return 1
}
if [ -s booted ]; then
  was=$(cat booted)
  if [ "$(booted)" != "$was" ]; then
    if [ ! -e left ] && put_first "$was" >/dev/null 2>&1; then
      : >left
      sync
      systemctl --no-block reboot && exit 0
    fi
    fail 'the deployment of before does not run'
  elif [ "$(ids | head -n 1)" != "$(cat first)" ]; then
    { rpm-ostree cleanup -p || put_first "$was"; } >/dev/null 2>&1
    [ "$(ids | head -n 1)" = "$was" ] || fail 'another deployment still boots next'
  fi
fi
restore() {
  path=$1 saved=$dir/files/$2
  if [ -e "$saved.absent" ]; then
    if [ -d "$path" ] && [ ! -L "$path" ]; then rmdir -- "$path"; else rm -f -- "$path"; fi
    return
  fi
  if [ -d "$saved" ] && [ ! -L "$saved" ] && [ -d "$path" ] && [ ! -L "$path" ]; then
    (cd "$path" && find . -xdev -depth ! -name . -print) | while IFS= read -r one; do
      [ -e "$saved/$one" ] || [ -L "$saved/$one" ] || if [ -d "$path/$one" ] && [ ! -L "$path/$one" ]; then rmdir -- "$path/$one"; else rm -f -- "$path/$one"; fi
    done
    cp -a -- "$saved/." "$path/"
    return
  fi
  mkdir -p -- "\${path%/*}/" && rm -rf -- "$path.copse-undo" && cp -a -- "$saved" "$path.copse-undo" || return
  if [ -L "$path" ]; then rm -f -- "$path"; elif [ -d "$path" ]; then rmdir -- "$path" || return; fi
  mv -f -- "$path.copse-undo" "$path"
}
count=$(wc -l <paths)
while [ "$count" -gt 0 ]; do
  one=$(sed -n "\${count}p" paths)
  restore "$one" "$count" >/dev/null 2>&1 || fail "$one could not be restored"
  count=$((count - 1))
done
systemctl daemon-reload
. ./commands
while read -r verb unit; do run "systemctl $verb $unit" systemctl --no-ask-password "$verb" "$unit"; done <units
sync
mv undoing undone
sync
tidy
systemctl stop "copse-guard-$name.timer"
exit 0
`;

/** The file of the undo's service: `@fire` undoes, `@boot` goes on with an undo that a reboot interrupted, and removes what a deployment of before still has of it. */
export function serviceText(name: string): string {
  const folder = `/var/lib/copse/guard/${name}`;
  const units = `/etc/systemd/system/copse-guard-${name}`;
  const wants = ['timers', 'multi-user'].map((target) => `/etc/systemd/system/${target}.target.wants`);
  const files = `${units}.timer ${units}@.service ${wants[0]}/copse-guard-${name}.timer ${wants[1]}/copse-guard-${name}@boot.service`;
  return `[Unit]
Description=copse undoes a change that nobody confirmed (${name}, %i)
RequiresMountsFor=/var/lib/copse
[Service]
Type=oneshot
TimeoutStartSec=20min
ExecStart=/bin/sh -c 'if [ -e ${folder}/undo.sh ]; then exec sh ${folder}/undo.sh ${name} %i; fi; rm -f ${files}'
`;
}

/**
 * The file of the timer. It counts from its own start on the kernel's clock that only grows: a clock that is set has no part in it,
 * and a boot starts it anew.
 */
export function timerText(name: string, withinS: number): string {
  return `[Unit]
Description=copse waits for a change to be confirmed (${name})
[Timer]
OnActiveSec=${withinS}
AccuracySec=1s
Unit=copse-guard-${name}@fire.service
`;
}
