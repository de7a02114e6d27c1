import { fault, type Fault } from '../core/problem.ts';
import { showDuration } from '../core/units.ts';
import type { Identity } from './session.ts';

/** Why no `sh` of ours said hello. */
export type Refusal =
  | { readonly why: 'slow' | 'slow-after-password'; readonly ms: number }
  /** The password was asked for again. */
  | { readonly why: 'password' }
  /** It ended; `answered` when a password had been given. */
  | { readonly why: 'ended'; readonly answered: boolean; readonly reason: string };

type Become = NonNullable<Identity>;

/** The words that run `sh` as another user. The password is in none of them; sudo asks for it with `prompt`. */
export function becomeWords(as: Become, prompt: string, sh: readonly string[]): readonly string[] {
  const user = checkedUser(as.user);
  switch (as.method) {
    case 'sudo':
      return ['sudo', ...(as.password === undefined ? ['-n'] : ['-S', '-p', prompt]), '-H', '-u', user, '--', ...sh];
    case 'doas':
      return ['doas', '-n', '-u', user, ...sh];
    case 'su': {
      const [, , text = '', ...rest] = sh;
      return ['su', '-s', '/bin/sh', '-c', text, user, ...rest];
    }
  }
}

/** A user name goes through the login shell and must mean itself there. */
function checkedUser(user: string): string {
  if (/^[A-Za-z0-9_][\w.@+-]*\$?$/.test(user)) return user;
  throw fault({
    code: 'E_BECOME',
    message: `expected the name of a user to become, found "${user}"`,
    hint: 'letters, digits and the characters . _ - @ +, as in become_user: postgres',
  });
}

/** The login shell did not get as far as our `sh`. `said` is the last line it printed. */
export function loginFault(place: string, refusal: Refusal, said: string): Fault {
  const printed = said === '' ? '' : `; it printed "${said}"`;
  if (refusal.why === 'ended') {
    return fault({
      code: 'E_CONNECT',
      message: `${place} logged in, but the login shell did not run /bin/sh (${refusal.reason})${printed}`,
      hint: 'look for nologin, a ForceCommand or an "exit" in the shell profile; the user needs a shell that runs commands',
    });
  }
  const waited = 'ms' in refusal ? showDuration(refusal.ms) : '';
  return fault({
    code: 'E_TIMEOUT',
    message: `${place} logged in, but the login shell did not run /bin/sh within ${waited}${printed}`,
    hint: 'a shell profile that waits for something, or a very busy host; try: ssh HOST /bin/sh -c date',
  });
}

/** Another user was not become. `said` is the last line that sudo, su or doas printed. */
export function becomeFault(as: Become, place: string, refusal: Refusal, said: string): Fault {
  const goal = `become "${as.user}" with ${as.method} as ${place}`;
  const printed = said === '' ? '' : `: ${said}`;
  switch (refusal.why) {
    case 'password':
      return fault({ code: 'E_BECOME', message: `cannot ${goal}: the password is wrong`, hint: PASSWORD_HINT });
    case 'slow':
      return fault({
        code: 'E_BECOME',
        message: `cannot ${goal}: ${as.method} neither started a shell nor asked for the password within ${showDuration(refusal.ms)}${printed}`,
        hint: 'it may ask for something else than a password, or wait for a directory server; try it by hand on the host',
      });
    case 'slow-after-password':
      return fault({
        code: 'E_BECOME',
        message: `cannot ${goal}: the password was given, but no shell started within ${showDuration(refusal.ms)}${printed}`,
        hint: 'the password was not refused; a slow directory server or a second factor may hold it up: try it by hand on the host',
      });
    case 'ended':
      return fault({
        code: 'E_BECOME',
        message: `cannot ${goal}${refusal.answered ? ': the password was refused' : ''}${printed || ` (${refusal.reason})`}`,
        hint: endedHint(as, refusal.answered, said),
      });
  }
}

const PASSWORD_HINT = 'give the right one as the secret variable copse_become_password';

/** The words of the host only choose the advice; that it failed is known from its end. */
function endedHint(as: Become, answered: boolean, said: string): string {
  if (/\btty\b|terminal/i.test(said)) {
    return as.method === 'doas'
      ? 'doas asks for passwords only on a terminal: write "permit nopass" for this user in doas.conf, or use become_method: sudo'
      : 'this host wants a terminal and has no "script" (util-linux) to make one: take "requiretty" out of its sudoers for this user';
  }
  if (answered) return PASSWORD_HINT;
  if (as.method === 'doas') return 'doas.conf must permit it without a password ("permit nopass USER")';
  if (as.password === undefined)
    return 'give the password as the secret variable copse_become_password, or permit it without one (NOPASSWD in sudoers)';
  return `try it by hand on the host: ${as.method} ${as.method === 'su' ? as.user : `-u ${as.user} id`}`;
}
