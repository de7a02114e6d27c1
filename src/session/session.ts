import type { Answers, Outcome, Questions } from '../core/answer.ts';
import type { Bytes } from '../core/bytes.ts';
import type { Command } from '../core/command.ts';
import type { PutStep } from '../core/step.ts';
import type { BecomeSpec } from '../core/target.ts';

/** Who acts on the host; undefined is the login user. */
export type Identity = BecomeSpec | undefined;

/** What a running command needs from outside. */
export interface RunOptions {
  readonly as: Identity;
  readonly signal: AbortSignal;
  /** Deadline in milliseconds; the command's own `timeoutMs` wins. */
  readonly deadlineMs: number;
  /** Live output, decoded, for people. */
  readonly onOutput?: (stream: 'stdout' | 'stderr', text: string) => void;
}

/** What a detached transaction needs: a name that is the same when it is attached to again. */
export interface TransactionOptions extends RunOptions {
  /** `copse-<run>-<host>-<task>-<step>`, made of letters, digits, `.`, `_` and `-`. */
  readonly name: string;
  /** Called when the link was lost and the transaction is being attached to again. */
  readonly onReattach?: (reason: string) => void;
  /** Called when the signal came: the transaction goes on, under this name. */
  readonly onDetach?: (name: string) => void;
}

/**
 * Everything copse does on one host. Owns the connection, opens it again for read-only questions when it broke, and
 * never sends anything twice that could change the host.
 */
export interface HostSession {
  readonly host: string;
  /** Opens the connection if there is none; the line says how we got in. */
  connect(signal: AbortSignal): Promise<string>;
  /** All questions in one round trip over the long-lived shell of that identity. */
  ask(questions: Questions, as: Identity, signal: AbortSignal): Promise<Answers>;
  /** One command on a channel of its own, output live. Never repeated by itself. */
  run(command: Command, options: RunOptions): Promise<Outcome>;
  /** A command that survives the connection; attached to again by name. The outcome is the command's own. */
  transaction(command: Command, options: TransactionOptions): Promise<Outcome>;
  /** Ends a transaction that goes on from before; does nothing when it is over. Nothing else ends one but its deadline. */
  cancel(name: string, options: Pick<RunOptions, 'as' | 'signal'>): Promise<void>;
  /** Writes a file whole and checks it. */
  put(step: PutStep, options: RunOptions): Promise<void>;
  /** Reads a file whole. */
  fetch(path: string, options: RunOptions): Promise<Bytes>;
  /** Drops the connection without a word, as before a reboot; the next call connects anew. */
  drop(): Promise<void>;
  close(): Promise<void>;
}
