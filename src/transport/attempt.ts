import type { ConnectFailure } from './connect-fault.ts';
import { onAbort } from './abort.ts';
import { ConnectError, interrupted, tooSlow } from './connect-fault.ts';
import type { Link } from './dial.ts';
import { WAITS } from './handshake-failure.ts';
import type { Phase } from './phase.ts';
import { startPhase } from './phase.ts';
import type { Target } from '../core/target.ts';

/** One try to log in over an open stream: it ends once, by success, failure, deadline or abort. */
export interface Attempt<T> {
  readonly ended: Promise<T>;
  readonly phase: Phase;
  readonly succeed: (value: T) => void;
  /** Closes the stream, always; rejects `ended` with a ConnectError if it is the first end. */
  readonly fail: (failure: ConnectFailure) => void;
}

/** Starts the clock of one try; `said` is asked for the host's own words when it runs out. */
export function startAttempt<T>(
  link: Link,
  target: Target,
  { signal, said }: { readonly signal: AbortSignal; readonly said: () => string },
): Attempt<T> {
  const { promise, resolve, reject } = deferred<T>();
  const limit = target.connectTimeoutMs;
  const late = (during: string, ms: number): void => fail({ fault: tooSlow(target, during, ms, said()) });
  const phase = startPhase(WAITS.banner, { limit, since: link.since }, late);
  let over = false;
  let forget = (): void => undefined;
  const end = (act: () => void): void => {
    if (over) return;
    over = true;
    phase.end();
    forget();
    act();
  };
  const fail = (failure: ConnectFailure): void => {
    link.stream.destroy();
    end(() => reject(new ConnectError(failure)));
  };
  forget = onAbort(signal, () => fail({ fault: interrupted(target) }));
  return { ended: promise, phase, succeed: (value) => end(() => resolve(value)), fail };
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((resolve_, reject_) => {
    resolve = resolve_;
    reject = reject_;
  });
  return { promise, resolve, reject };
}
