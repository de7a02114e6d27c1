import type { Bytes } from './bytes.ts';
import type { Command } from './command.ts';

/** Read-only questions of one task by name; all of them travel in one round trip. */
export type Questions = Readonly<Record<string, Command>>;

/** What the host said to one question. A question that could not be answered at all is a Fault, not an Answer. */
export interface Answer {
  /** Exit status of the command; 127 when the program is not there, 124 when its own deadline passed. */
  readonly code: number;
  /** Standard output as text (UTF-8, replacement characters where it is not). */
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as it came. */
  readonly bytes: Bytes;
  /** Output beyond the cap was dropped. */
  readonly truncated?: boolean;
}

/** Answers under the names of their questions. */
export type Answers = Readonly<Record<string, Answer>>;

/** How a command on a host ended. There is an exit code only where the host really sent one. */
export type Ending =
  | { readonly how: 'exit'; readonly code: number }
  | { readonly how: 'signal'; readonly signal: string }
  /** Our deadline passed; the command was told to stop. */
  | { readonly how: 'timeout'; readonly afterMs: number }
  /** The person running copse interrupted. */
  | { readonly how: 'aborted' }
  /** The connection went away; whether the command ran to its end is not known. */
  | { readonly how: 'lost'; readonly reason: string }
  /** The command ended, but a child of it still holds its output open; `code` is the command's own. */
  | { readonly how: 'held-open'; readonly code: number };

/** The whole result of a command: how it ended and what it printed (capped; head and tail kept). */
export interface Outcome {
  readonly ending: Ending;
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
  readonly ms: number;
}

/** The exit code an ending stands for, or null where none came. */
export function exitCode(ending: Ending): number | null {
  return ending.how === 'exit' || ending.how === 'held-open' ? ending.code : null;
}
