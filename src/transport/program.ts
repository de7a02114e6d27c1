import type { Readable, Writable } from 'node:stream';

/** What a program said about its own end; undefined when it said nothing, as when the connection broke. */
export type Exit = { readonly code: number } | { readonly signal: string } | undefined;

/** A running program, whether in a child process or on a channel of a connection. */
export interface Program {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the program ended by its own account; stays pending when it never says. */
  readonly exited: Promise<Exit>;
  /** Resolves, with the same account, when nothing can come any more: both outputs read to their end, channel gone. */
  readonly closed: Promise<Exit>;
  /** Why the channel closed without a word about the end. Asked only then. */
  lostReason(): string;
  /** Tells the program and its process group; does nothing when it is gone. */
  signal(name: 'TERM' | 'KILL'): void;
  /** Gives the channel up without waiting. */
  drop(): void;
}
