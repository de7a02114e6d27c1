import type { Call } from '../calls.ts';
import { quote } from '../../core/command.ts';
import { environment, faultOf, type Machine } from '../machine.ts';
import { knownUser } from './accounts.ts';
import { readWords } from '../words.ts';

const SUDO = {
  flags: [
    '-n --non-interactive',
    '-S --stdin',
    '-H --set-home',
    '-i --login',
    '-s --shell',
    '-k --reset-timestamp',
    '-v --validate',
    '-E --preserve-env',
    '-b',
    '-K',
    '-l --list',
  ],
  values: ['-u --user', '-g --group', '-p --prompt', '-D --chdir', '-C', '-h', '-r', '-t', '-T'],
  stopAtWord: true,
};

/** sudo: asks for a password where the host wants one, then becomes the command in its own place. */
export function sudo(call: Call, machine: Machine): number {
  const words = readWords(call.args, SUDO);
  const user = (words.last('-u') ?? 'root').replace(/^#0$/, 'root');
  if (words.unknown !== undefined) return fail(call, `sudo: unrecognized option '${words.unknown}'\n`);
  if (knownUser(machine, user) === undefined) {
    return fail(call, `sudo: unknown user ${user}\nsudo: error initializing audit plugin sudoers_audit\n`);
  }
  const password = expectedPassword(machine, call.user);
  if (password !== undefined && words.has('-n')) return fail(call, 'sudo: a password is required\n');
  if (password !== undefined && !words.has('-S')) {
    const how = 'either use the -S option to read from standard input or configure an askpass helper';
    return fail(call, `sudo: a terminal is required to read the password; ${how}\nsudo: a password is required\n`);
  }
  const prompt = words.last('-p') ?? `[sudo] password for ${call.user}: `;
  call.become(
    `${password === undefined ? '' : askPassword(password, prompt)}${command(machine, call, user, words.rest.length)}`,
  );
  return 0;
}

/** `su -s SHELL -c TEXT USER ARGUMENTS`, as root, or with the root password on a terminal it has not. */
export function su(call: Call, machine: Machine): number {
  const words = readWords(call.args, { flags: ['-l --login', '-'], values: ['-s --shell', '-c --command'] });
  const [user = 'root', ...args] = words.rest.filter((word) => word !== '-');
  if (knownUser(machine, user) === undefined) {
    return fail(call, `su: user ${user} does not exist or the user entry does not contain all the required fields\n`);
  }
  const password = call.user === 'root' ? undefined : expectedPassword(machine, call.user);
  const text = words.last('-c');
  const shell = ['/bin/sh', ...(text === undefined ? [] : ['-c', text]), ...args].map(quote).join(' ');
  const ask = password === undefined ? '' : askPassword(password, 'Password: ');
  call.become(`${ask}exec 9<&-\nset -- ${shell}\n${become(machine, call.user, user)}`);
  return 0;
}

function expectedPassword(machine: Machine, user: string): string | undefined {
  if (user === 'root') return undefined;
  if (faultOf(machine, 'wrong-sudo-password') !== undefined) return machine.random.hex(20);
  return machine.options.sudoPassword;
}

/** Three tries, as sudo gives them. */
function askPassword(password: string, prompt: string): string {
  return `copse_try=0
while :; do
  printf %s ${quote(prompt)} >&2
  IFS= read -r copse_word || { printf '\\nsudo: no password was provided\\nsudo: a password is required\\n' >&2; exit 1; }
  [ "$copse_word" != ${quote(password)} ] || break
  copse_try=$((copse_try + 1))
  [ $copse_try -lt 3 ] || { printf 'sudo: 3 incorrect password attempts\\n' >&2; exit 1; }
  printf 'Sorry, try again.\\n' >&2
done
`;
}

function command(machine: Machine, call: Call, user: string, words: number): string {
  const own = words === 0 ? 'set -- /bin/sh' : `shift $(($# - ${words}))`;
  const missing = `case $1 in *=*) ;; *) command -v "$1" >/dev/null || { printf 'sudo: %s: command not found\\n' "$1" >&2; exit 1; } ;; esac`;
  return `exec 9<&-\n${own}\n${missing}\n${become(machine, call.user, user)}`;
}

/** A clean environment of the other user, locale kept. */
function become(machine: Machine, from: string, user: string): string {
  const words = Object.entries({ ...environment(machine, user), SUDO_USER: from }).map(
    ([name, value]) => `${name}=${quote(value)}`,
  );
  return `exec env -i \${LC_ALL:+"LC_ALL=$LC_ALL"} \${LANG:+"LANG=$LANG"} \${TERM:+"TERM=$TERM"} \${COPSE_SIM_CHANNEL:+"COPSE_SIM_CHANNEL=$COPSE_SIM_CHANNEL"} ${words.join(' ')} "$@"`;
}

function fail(call: Call, message: string): number {
  call.err(message);
  return 1;
}
