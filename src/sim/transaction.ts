/** A transaction of rpm-ostree's daemon while it runs. */
export interface Transaction {
  readonly method: string;
  /** The command line that began it, as the daemon tells it. */
  readonly title: string;
  /** Identical calls join: method and command line. */
  readonly key: string;
  readonly sender: string;
  readonly initiator: string;
  /** Everything said so far, for those who join later. */
  readonly said: string[];
  /** Resolves with the exit code once it is over. */
  readonly done: Promise<number>;
  readonly cancel: AbortController;
  /** Called whenever something was said. */
  readonly listeners: Set<() => void>;
}
