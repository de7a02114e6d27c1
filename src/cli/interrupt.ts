import type { Terminal } from './streams.ts';

/**
 * Runs work that a person can end in two ways. The first Ctrl-C (or SIGTERM, SIGHUP) aborts the signal: commands are told to stop, then
 * the work ends by itself, and whoever shows it says so. The second one leaves at once, with status 99.
 */
export async function withInterrupts<T>(terminal: Terminal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      terminal.stderr.write(`\n${name} again: leaving at once; what runs detached on hosts goes on there\n`);
      // The one exit outside main: a person who asks twice must not wait for anything.
      process.exit(99);
    }
    controller.abort(new Error(`${name}: stopping; nothing new is begun. Once more leaves at once`));
  };
  const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const name of signals) process.on(name, stop);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of signals) process.off(name, stop);
  }
}
