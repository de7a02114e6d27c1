import { setMaxListeners } from 'node:events';

/**
 * Calls back once when the signal aborts, at once when it has already; the returned function takes that back. One signal
 * is watched by thousands of connections and commands, which Node would otherwise warn of.
 */
export function onAbort(signal: AbortSignal | undefined, act: () => void): () => void {
  if (signal === undefined) return () => undefined;
  if (signal.aborted) {
    act();
    return () => undefined;
  }
  setMaxListeners(0, signal);
  signal.addEventListener('abort', act, { once: true });
  return () => signal.removeEventListener('abort', act);
}
