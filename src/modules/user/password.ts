import { sha256Of } from '../../core/bytes.ts';
import { cmd, script, withOptions } from '../../core/command.ts';
import { Secret } from '../../core/secret.ts';
import type { Step } from '../../core/step.ts';
import type { Params } from './schema.ts';
import type { Have } from './state.ts';

type Planned = { readonly steps: readonly Step[] } | { readonly refuse: string; readonly hint: string };

// The hash comes by standard input, and printf is part of the shell: nobody sees it among the processes.
const SET_PASSWORD = `h=$(cat)
case $h in '$'?*|'*') ;; *) echo 'what was given is no hash of a password' >&2; exit 65;; esac
printf '%s:%s\\n' "$1" "$2$h" | chpasswd -e`;

const NO_PASSWORD = sha256Of(new Uint8Array());

/** The steps that set, lock or unlock the password, or why it cannot be done. */
export function planPassword(want: Params, have: Have): Planned {
  const { name, password, password_lock: lock } = want;
  const wanted = have.present && want.update_password === 'on_create' ? undefined : password;
  if (wanted === undefined && lock === undefined) return { steps: [] };
  if (have.present && have.password === undefined) {
    const refuse = `the password of "${name}" cannot be compared: /etc/shadow is closed to this user`;
    return { refuse, hint: 'add "become: true"' };
  }
  if (wanted !== undefined && digest(wanted) !== have.password) {
    const isLocked = lock ?? (have.present && have.locked);
    const command = withOptions(script(SET_PASSWORD, name, isLocked ? '!' : ''), { stdin: wanted });
    return { steps: [{ do: 'run', say: `set the password of ${name}`, command }] };
  }
  return planLock(name, lock, have);
}

function planLock(name: string, lock: boolean | undefined, have: Have): Planned {
  // A new user is locked until it gets a password.
  const isLocked = !have.present || have.locked;
  if (lock === undefined || lock === isLocked) return { steps: [] };
  if (!lock && (have.password ?? NO_PASSWORD) === NO_PASSWORD) {
    return { refuse: `"${name}" has no password that could be unlocked`, hint: 'give it one with "password"' };
  }
  const say = `${lock ? 'lock' : 'unlock'} the password of ${name}`;
  return { steps: [{ do: 'run', say, command: cmd('usermod', lock ? '-L' : '-U', '--', name) }] };
}

function digest(hash: string | Secret): string {
  return hash instanceof Secret ? hash.sha256() : sha256Of(new TextEncoder().encode(hash));
}
