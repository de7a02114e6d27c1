import type { Outcome } from '../core/answer.ts';
import type { Bytes } from '../core/bytes.ts';
import type { Target } from '../core/target.ts';
import type { MaybeSecret } from '../core/secret.ts';

/** What to run on a channel of its own. The text was made by the session (quoted there) and goes to the login shell. */
export interface ExecRequest {
  readonly text: string;
  readonly stdin?: MaybeSecret | Bytes | AsyncIterable<Bytes>;
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
  /** Resolves when the bytes went into the channel's window. */
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
  exec(request: ExecRequest): Promise<ExecResult>;
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
  /** Asks the person (serialised by the caller); absent when there is nobody to ask. */
  readonly ask?: (question: { readonly prompt: string; readonly secret: boolean }) => Promise<string>;
}

/** Opens connections; throws a Fault with E_CONNECT, E_AUTH, E_HOSTKEY or E_TIMEOUT when it cannot. */
export interface Transport {
  readonly name: 'ssh' | 'openssh' | 'local';
  connect(target: Target, options: ConnectOptions): Promise<Connection>;
}
