import type { ProblemCode } from './codes.ts';

/** Where something stands in a file the user wrote; line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly col: number;
  /** How many characters the caret underlines; 1 when absent. */
  readonly length?: number;
  /** The source line (a long one cut to a window around the place), so that the problem can be shown without the file. */
  readonly text?: string;
  /** Column of the first character of `text`; 1 when absent. */
  readonly from?: number;
}

/** One thing that is wrong, as a value: what, where, and what to type next. */
export interface Problem {
  readonly code: ProblemCode;
  /** Lower-case start: what was expected and what was found, the user's own words in quotes. */
  readonly message: string;
  readonly at?: Place;
  /** The next thing to type or do. */
  readonly hint?: string;
}

/** The only error class for expected trouble; carries every problem found, never only the first. */
export class Fault extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], cause?: unknown) {
    super(problems.map((problem) => problem.message).join('; '), cause === undefined ? undefined : { cause });
    this.name = 'Fault';
    this.problems = problems;
  }
}

/** Makes a fault of one problem. */
export function fault(problem: Problem, cause?: unknown): Fault {
  return new Fault([problem], cause);
}

/** Throws all collected problems at once; does nothing when there are none. */
export function throwIfAny(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new Fault(problems);
}

/** The problems of an error; an error that is not a Fault is a bug of ours and is thrown on. */
export function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof Fault) return error.problems;
  throw error;
}
