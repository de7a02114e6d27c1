import { abortedFault } from './faults.ts';

/** A promise that is settled from outside. A rejection nobody looks at is not a crash. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

/** Makes one; what Promise.withResolvers does from Node 22 on. */
export function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

/** The longest delay a timer of Node takes. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Runs `act` after `ms`; a time too long for a timer never comes. Returns what takes it back. */
export function after(ms: number, act: () => void): () => void {
  if (ms > LONGEST_TIMER) return () => undefined;
  const timer = setTimeout(act, Math.max(0, ms));
  return () => clearTimeout(timer);
}

/** The promise's value, or what `late` makes of it when `ms` pass first. */
export async function within<T>(promise: Promise<T>, ms: number, late: () => T): Promise<T> {
  const { promise: timeout, resolve, reject } = deferred<T>();
  const cancel = after(ms, () => {
    try {
      resolve(late());
    } catch (error) {
      reject(error);
    }
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    cancel();
  }
}

/** The promise's value, unless the signal comes first: then E_ABORTED, naming what was interrupted. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal, what: string): Promise<T> {
  const { promise: aborted, reject } = deferred<never>();
  const onAbort = (): void => reject(abortedFault(what));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Waits, unless the signal comes first: then E_ABORTED. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = deferred<void>();
  const cancel = after(ms, resolve);
  try {
    await unlessAborted(promise, signal, 'waiting for the link to the host');
  } finally {
    cancel();
  }
}
