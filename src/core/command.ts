import type { Bytes } from './bytes.ts';
import type { MaybeSecret } from './secret.ts';

/** A command as data. Words are never shell text; secrets may only travel in `stdin` or `env`. */
export interface Command {
  readonly argv: readonly [string, ...string[]];
  /** Fed to the command; without it the command reads /dev/null. */
  readonly stdin?: MaybeSecret | Bytes;
  /** Set for this command only. Secret values go over a pipe, never through an argv. */
  readonly env?: Readonly<Record<string, MaybeSecret>>;
  readonly cwd?: string;
  /** Deadline of this command in milliseconds; the session's default when absent. */
  readonly timeoutMs?: number;
  /** Root is not needed: a question with this mark is asked as the login user even under `become`. */
  readonly asLogin?: boolean;
}

/** What may be added to a command beside its words. */
export type CommandOptions = Omit<Command, 'argv'>;

/** A command from its words: `cmd('stat', '-c', '%a', path)`. */
export function cmd(program: string, ...words: readonly string[]): Command {
  return { argv: [program, ...words] };
}

/**
 * A POSIX `sh` script with its values as positional parameters, so that values are never quoted into text:
 * `script('test -e "$1" && cat -- "$1"', path)`.
 */
export function script(text: string, ...values: readonly string[]): Command {
  return { argv: ['sh', '-c', text, 'copse', ...values] };
}

/** The same command with options added. */
export function withOptions(command: Command, options: CommandOptions): Command {
  return { ...command, ...options };
}

/** Quotes one word for POSIX `sh`. The only place in copse that quotes. */
export function quote(word: string): string {
  if (word.includes('\0')) throw new TypeError('a word for a shell cannot hold a NUL character');
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) && !word.startsWith('=')) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command's words as shell text; environment, folder and stdin are the session's business. */
export function shellText(argv: readonly string[]): string {
  return argv.map(quote).join(' ');
}

/** What a person reads for a command: its words, a script shortened to its first line. */
export function showCommand(command: Command): string {
  const [program, flag, text, , ...values] = command.argv;
  if (program !== 'sh' || flag !== '-c' || text === undefined) return shellText(command.argv);
  const firstLine = text.trim().split('\n', 1)[0] ?? '';
  const short = firstLine.length > 60 ? `${firstLine.slice(0, 57)}...` : firstLine;
  return values.length === 0 ? `sh: ${short}` : `sh: ${short} [${shellText(values)}]`;
}
