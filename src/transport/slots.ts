import { onAbort } from './abort.ts';

/** A counted right to do something; gives it back once, however often it is called. */
export type Release = () => void;

/** A number of places that callers take in the order they asked. */
export interface Slots {
  /** Waits for a place. Rejects with the signal's reason when it aborts first. */
  take(signal?: AbortSignal): Promise<Release>;
  readonly used: () => number;
}

/** Places for at most `limit` at a time. */
export function slots(limit: number): Slots {
  const waiting: (() => void)[] = [];
  let used = 0;
  const release = (): Release => {
    let given = false;
    return () => {
      if (given) return;
      given = true;
      used -= 1;
      waiting.shift()?.();
    };
  };
  return {
    used: () => used,
    take(signal) {
      if (signal?.aborted === true) return Promise.reject(reasonOf(signal));
      if (used < limit) {
        used += 1;
        return Promise.resolve(release());
      }
      return new Promise((resolve, reject) => {
        const enter = (): void => {
          forget();
          used += 1;
          resolve(release());
        };
        const forget = onAbort(signal, () => {
          waiting.splice(waiting.indexOf(enter), 1);
          reject(reasonOf(signal));
        });
        waiting.push(enter);
      });
    },
  };
}

function reasonOf(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new Error('aborted');
}
