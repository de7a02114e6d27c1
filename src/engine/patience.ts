import { Fault } from '../core/problem.ts';
import type { StepContext } from './step-context.ts';

/** As long as a running transaction is attached to again, in milliseconds. */
export const PATIENCE_MS = 5 * 60_000;

const LINK: ReadonlySet<string> = new Set(['E_CONNECT', 'E_LOST', 'E_TIMEOUT']);

/**
 * Reads a host that copse has begun to change. A link that is down meanwhile is waited for: giving up would leave a change half
 * done, and reading again harms nothing. Throws the last fault when the link was away for five minutes.
 */
export function patiently<T>(
  { clock, signal, emit, ref }: Pick<StepContext, 'clock' | 'signal' | 'emit' | 'ref'>,
  read: () => Promise<T>,
): Promise<T> {
  const say = (trouble: string): Promise<void> =>
    emit({ type: 'note', host: ref.host, ref, text: `link lost (${trouble}); trying again` });
  return untilReached({ clock, signal, patienceMs: PATIENCE_MS, say }, read);
}

/** How long a host may be away, in milliseconds, and where the first trouble is told. */
export interface Patience extends Pick<StepContext, 'clock' | 'signal'> {
  readonly patienceMs: number;
  readonly say: (trouble: string) => Promise<void>;
}

/** Reads a host again while its link is in trouble, with growing pauses. Throws the last fault when the time is over. */
export async function untilReached<T>(
  { clock, signal, patienceMs, say }: Patience,
  read: () => Promise<T>,
): Promise<T> {
  const began = clock.elapsed();
  for (let wait = 250; ; wait = Math.min(wait * 2, 10_000)) {
    try {
      return await read();
    } catch (error) {
      if (!isLinkTrouble(error) || signal.aborted || clock.elapsed() + wait - began > patienceMs) throw error;
      if (wait === 250) await say(error.message);
      await clock.sleep(wait, signal);
    }
  }
}

function isLinkTrouble(error: unknown): error is Fault {
  return error instanceof Fault && error.problems.some(({ code }) => LINK.has(code));
}
