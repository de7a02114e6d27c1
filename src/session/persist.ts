import { Fault } from '../core/problem.ts';
import { pause } from './deferred.ts';
import type { TransactionOptions } from './session.ts';
import type { Offsets } from './transaction-script.ts';

/** A link that held this long counts as restored, as does one that brought output: the patience for the next loss begins anew. */
const RESTORED_MS = 5000;

/** Does something again while the link is down, with growing pauses, until it was down for too long. */
export async function persist<T>(
  reattachMs: number,
  options: TransactionOptions,
  received: Offsets,
  act: () => Promise<T>,
): Promise<T> {
  let lostAt: number | undefined;
  for (let wait = 250; ; wait = Math.min(wait * 2, 10_000)) {
    const began = { at: performance.now(), ...received };
    try {
      return await act();
    } catch (error) {
      if (!isLinkTrouble(error) || options.signal.aborted) throw error;
      const moved = received.stdout > began.stdout || received.stderr > began.stderr;
      if (lostAt === undefined || moved || performance.now() - began.at > RESTORED_MS) {
        lostAt = performance.now();
        wait = 250;
        options.onReattach?.(error.message);
      }
      if (performance.now() + wait - lostAt > reattachMs) throw error;
      await pause(wait, options.signal);
    }
  }
}

/** Whether another try over a new link may help. */
export function isLinkTrouble(error: unknown): error is Fault {
  const codes = new Set(error instanceof Fault ? error.problems.map(({ code }) => code) : []);
  return codes.has('E_LOST') || codes.has('E_CONNECT') || codes.has('E_TIMEOUT');
}
