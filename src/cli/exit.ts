import { CommanderError } from 'commander';
import { renderProblems } from '../config/frame.ts';
import { Fault, type Problem } from '../core/problem.ts';
import type { Terminal } from './streams.ts';

/** Exit statuses, as `docs/cli.md` lists them. */
export const EXIT = {
  ok: 0,
  hostFailed: 2,
  incomplete: 3,
  unreachable: 4,
  stopped: 5,
  changed: 10,
  usage: 64,
  input: 65,
  bug: 70,
  journal: 74,
  interrupted: 99,
} as const;

/** Says what was wrong and gives the exit status: 65 for wrong input, 64 for a wrong command line, 70 with the stack for a bug of ours. */
export function statusOfThrown(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof Fault) {
    terminal.stderr.write(`${renderProblems(error.problems)}\n`);
    return statusOfProblems(error.problems);
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  terminal.stderr.write(
    `copse: this is a bug in copse, not in your playbook. Please report it with these lines:\n${stack}\n`,
  );
  return EXIT.bug;
}

function statusOfProblems(problems: readonly Problem[]): number {
  const has = (code: Problem['code']): boolean => problems.some((problem) => problem.code === code);
  if (has('E_USAGE')) return EXIT.usage;
  if (has('E_JOURNAL')) return EXIT.journal;
  if (has('E_ABORTED')) return EXIT.interrupted;
  return EXIT.input;
}
