/** How long the session waits and how much it keeps: times in milliseconds, sizes in bytes. Tests shorten them. */
export interface Limits {
  /** For a question that names no deadline of its own. */
  readonly questionMs: number;
  /** For the host to open one more channel. */
  readonly channelMs: number;
  /** For `sh` to start, and once more after a password was given. */
  readonly helloMs: number;
  /** For what was told to end on the host to be gone. */
  readonly stopMs: number;
  /** For a lost link to come back while a transaction runs. */
  readonly reattachMs: number;
  /** What is kept of one output of a question; the rest is dropped. */
  readonly answerBytes: number;
  /** What one question may print before it is ended. */
  readonly floodBytes: number;
  /** What is kept of one output of a transaction, on the host as well. */
  readonly transactionBytes: number;
  /** What `fetch` reads at most. */
  readonly fetchBytes: number;
}

/** What copse uses. */
export const LIMITS: Limits = {
  questionMs: 60_000,
  channelMs: 30_000,
  helloMs: 30_000,
  stopMs: 5000,
  reattachMs: 5 * 60_000,
  answerBytes: 8 * 1024 * 1024,
  floodBytes: 64 * 1024 * 1024,
  transactionBytes: 64 * 1024 * 1024,
  fetchBytes: 256 * 1024 * 1024,
};
