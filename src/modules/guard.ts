import type { Answers, Questions } from '../core/answer.ts';
import { script } from '../core/command.ts';
import type { ReturnField } from '../core/module.ts';
import type { StepResult } from '../core/step.ts';

/** Paths that tell whether something has to run at all. */
export interface Guarded {
  readonly creates?: string | undefined;
  readonly removes?: string | undefined;
}

/** Which of the paths that guard a command exist; null for a guard that was not asked for. */
export interface Guards {
  readonly creates: boolean | null;
  readonly removes: boolean | null;
}

/** Asks for the paths of `creates` and `removes`. */
export function askGuards(want: Guarded): Questions {
  return { ...exists('creates', want.creates), ...exists('removes', want.removes) };
}

function exists(name: string, path: string | undefined): Questions {
  return path === undefined ? {} : { [name]: script('test -e "$1" || test -L "$1"', path) };
}

/** The answers of `askGuards`. */
export function readGuards(answers: Answers): Guards {
  return {
    creates: answers['creates'] === undefined ? null : answers['creates'].code === 0,
    removes: answers['removes'] === undefined ? null : answers['removes'].code === 0,
  };
}

/** What the guards say: nothing has to run, it has to and can be looked at again, or nothing is known. */
export function guardOf({ creates, removes }: Guards): 'done' | 'open' | 'unknown' {
  if (creates === true || removes === false) return 'done';
  return creates === null && removes === null ? 'unknown' : 'open';
}

/** What `register` holds of a command that ran. */
export const OUTCOME_FIELDS: Readonly<Record<string, ReturnField>> = {
  rc: { type: 'int', description: 'exit code, 0 when nothing had to run' },
  stdout: { type: 'string', description: 'standard output without line ends at its end' },
  stderr: { type: 'string', description: 'standard error without line ends at its end' },
  stdout_lines: { type: 'list', description: 'the lines of stdout' },
  ran: { type: 'bool', description: 'whether the command was run' },
};

/** The values of `OUTCOME_FIELDS`, from the last step that ran. */
export function outcomeOf(done: readonly StepResult[]): { [key: string]: number | string | boolean | string[] } {
  const last = done.at(-1);
  const stdout = (last?.stdout ?? '').replace(/\n+$/, '');
  return {
    rc: last?.code ?? 0,
    stdout,
    stderr: (last?.stderr ?? '').replace(/\n+$/, ''),
    stdout_lines: stdout === '' ? [] : stdout.split('\n'),
    ran: last !== undefined,
  };
}
