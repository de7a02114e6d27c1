import type { Outcome } from '../core/answer.ts';
import type { Bytes } from '../core/bytes.ts';
import type { Target } from '../core/target.ts';
import type { MaybeSecret } from '../core/secret.ts';

/** What to run on a channel of its own. The text was made by the session (quoted there) and goes to the login shell. */
export interface ExecRequest {
  /** At most 120,000 bytes; Linux takes no longer argument. */
  readonly text: string;
  /** Closed at once when absent. A source that throws stops the command, and its error is thrown on. */
  readonly stdin?: MaybeSecret | Bytes | AsyncIterable<Bytes>;
  /**
   * Counts from the call, the wait for a channel included. Then TERM, KILL after a grace, and the channel is given up.
   * sshd delivers neither signal to root's logins nor to another user's processes: what must not live on has to be killed
   * by a command.
   */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** Called with raw output as it comes, before any cap. */
  readonly onOutput?: (stream: 'stdout' | 'stderr', chunk: Bytes) => void;
  /** Bytes kept per stream: head and tail. */
  readonly cap?: { readonly head: number; readonly tail: number };
  readonly pty?: boolean;
}

/** Result of an exec, with the bytes kept. */
export interface ExecResult extends Outcome {
  readonly stdoutBytes: Bytes;
}

/** A long-lived program on a channel, for the batched shell. */
export interface Channel {
  /** Resolves when the bytes went into the channel's window; throws a Fault (E_LOST) when the program is gone. */
  write(bytes: Bytes): Promise<void>;
  /** Standard output as it comes; ends when the channel ends. */
  readonly stdout: AsyncIterable<Bytes>;
  /** Standard error as it comes; ends with the channel. Somebody must read it, or the program stalls when it fills. */
  readonly stderr: AsyncIterable<Bytes>;
  /** The last part of standard error, for diagnosis. */
  stderrTail(): string;
  close(): void;
}

/** An authenticated connection to one host. */
export interface Connection {
  /**
   * Runs a command to its end. An ending of `lost` means that it may have run. Throws a Fault only when it surely did not
   * run: E_LOST (the connection was gone before), E_BUSY (no channel to be had), E_UNSUPPORTED (the host refuses commands,
   * or there is no terminal to give), E_LIMIT (the text is too long).
   */
  exec(request: ExecRequest): Promise<ExecResult>;
  /** Starts a program that stays, on a channel that counts like any other; throws like `exec`. */
  open(text: string): Promise<Channel>;
  /** Resolves with the reason once the connection is gone; never rejects. */
  readonly closed: Promise<string>;
  /** One line for people: address, key exchange, host key type, how we logged in. */
  readonly detail: string;
  close(): Promise<void>;
}

/** What connecting needs from outside. */
export interface ConnectOptions {
  readonly signal: AbortSignal;
  /** Asks the person (serialised by the caller); no clock runs meanwhile. Absent when there is nobody to ask. */
  readonly ask?: (question: { readonly prompt: string; readonly secret: boolean }) => Promise<string>;
}

/** Opens connections; throws a Fault with E_CONNECT, E_AUTH, E_HOSTKEY, E_TIMEOUT, E_ABORTED or E_UNSUPPORTED when it cannot. */
export interface Transport {
  readonly name: 'ssh' | 'openssh' | 'local';
  connect(target: Target, options: ConnectOptions): Promise<Connection>;
}
