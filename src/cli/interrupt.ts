/** Two ways a person stops: politely, then at once. */
export interface Interrupts {
  /** Aborted by the first Ctrl-C, SIGTERM or SIGHUP: running commands are told to stop, then the run ends. */
  readonly signal: AbortSignal;
  dispose(): void;
}

/** Listens for the signals that end a run. The second one leaves at once, with status 99. */
export function listenForInterrupts(say: (text: string) => void): Interrupts {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      say(`${name} again: leaving at once; what runs detached on hosts goes on there`);
      // The one exit outside main: a person who asks twice must not wait for anything.
      process.exit(99);
    }
    say(`${name}: stopping; the hosts finish nothing new. Once more leaves at once`);
    controller.abort(new Error(`interrupted by ${name}`));
  };
  const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const name of signals) process.on(name, stop);
  return {
    signal: controller.signal,
    dispose() {
      for (const name of signals) process.off(name, stop);
    },
  };
}
