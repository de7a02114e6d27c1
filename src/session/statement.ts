import type { Bytes } from '../core/bytes.ts';
import { quote, shellText, type Command } from '../core/command.ts';
import { fault } from '../core/problem.ts';
import { Secret } from '../core/secret.ts';
import { encode, type Payload } from './launch.ts';

/** A question as a statement for the shell: in a subshell of its own, its end framed under `number`. */
export function questionStatement(command: Command, number: number): Payload {
  const input = command.stdin === undefined ? '' : `printf %b '${encode(stdinBytes(command))}' | `;
  const from = command.stdin === undefined ? ' </dev/null' : '';
  const text = `${input}( ${preparation(command)}${asking(command.argv)} )${from}; copse_e ${number} $?`;
  return { text, secret: holdsSecret(command) };
}

/** What would tell the difference between a shell of its own and a subshell. */
const OWN_SHELL = /\$\{?(?:\$|0|PPID|BASHPID)|copse_/;

/** The words of a question. A script runs in the subshell it has anyway: that takes a quarter of the time of one more `sh`. */
function asking(argv: Command['argv']): string {
  const [program, flag, text, name, ...values] = argv;
  const isScript = program === 'sh' && flag === '-c' && text !== undefined && name !== undefined;
  if (!isScript || OWN_SHELL.test(text)) return shellText(argv);
  return `set -- ${shellText(values)}; eval ${quote(text)}`;
}

/**
 * A command as a script that ends in becoming it. Its stdin is what follows the script, or /dev/null. A word that
 * only the shell knows (`command`, `umask`) is run by the shell.
 */
export function commandScript(command: Command): Payload {
  const text = [
    `${preparation(command)}set -- ${shellText(command.argv)}`,
    ...(command.stdin === undefined ? ['exec </dev/null'] : []),
    'case $(command -v "$1") in */*) exec "$@" ;; esac',
    '"$@"',
  ].join('\n');
  return { text, secret: holdsSecret({ ...command, stdin: '' }) };
}

/** What a command reads, or nothing. */
export function stdinBytes({ stdin }: Command): Bytes {
  if (stdin === undefined) return Buffer.alloc(0);
  if (stdin instanceof Secret) return Buffer.from(stdin.reveal());
  return typeof stdin === 'string' ? Buffer.from(stdin) : stdin;
}

/** Every secret a command carries. */
export function secretsOf(command: Command): readonly Secret[] {
  return [command.stdin, ...Object.values(command.env ?? {})].filter((value) => value instanceof Secret);
}

function holdsSecret(command: Command): boolean {
  return secretsOf(command).length > 0;
}

/** Folder and environment, ending so that the command's words can follow. */
function preparation({ cwd, env = {} }: Command): string {
  const folder = cwd === undefined ? '' : `cd -- ${quote(cwd)} || exit 125; `;
  const exports = Object.entries(env).map(([name, value]) => {
    if (!/^[A-Za-z_]\w*$/.test(name)) throw badName(name);
    return `${name}=${quote(value instanceof Secret ? value.reveal() : value)}`;
  });
  return exports.length === 0 ? folder : `${folder}export ${exports.join(' ')}; `;
}

function badName(name: string): Error {
  return fault({
    code: 'E_VALUE',
    message: `expected the name of an environment variable, found "${name}"`,
    hint: 'letters, digits and _, not beginning with a digit',
  });
}

/**
 * Ends a process group (dash takes no `--` before its number): asks with TERM, waits, then KILL. With a mark only if its leader was launched under it: after a lost link
 * the number may belong to somebody else.
 */
export function endGroupStatement(pid: number, mark: string | undefined, graceMs: number, number: number): Payload {
  const ours = mark === undefined ? '' : `grep -q ${mark.slice(0, mark.length / 2)} /proc/${pid}/cmdline || exit 0; `;
  const tenths = Math.max(1, Math.round(graceMs / 100));
  const wait = `i=0; while kill -0 -${pid} && [ $i -lt ${tenths} ]; do sleep 0.1 || sleep 1; i=$((i + 1)); done`;
  const text = `( ${ours}kill -TERM -${pid}; ${wait}; kill -KILL -${pid} ) </dev/null >/dev/null 2>&1; copse_e ${number} $?`;
  return { text, secret: false };
}
