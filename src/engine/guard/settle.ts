import type { Clock } from '../../core/clock.ts';
import { asleepMs } from '../activation/wait.ts';
import type { Seen } from './types.ts';

/** How the end of a window is sought. */
export interface Settling {
  readonly want: 'confirm' | 'undo' | 'look';
  /** Visits over a new connection. */
  readonly visit: (want: 'confirm' | 'undo' | 'look') => Promise<Seen>;
  /** Has it undone over the connection of before, because logging in anew is refused. */
  readonly undoNow: () => Promise<unknown>;
  readonly note: (text: string) => Promise<void>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly withinMs: number;
  /** Whether a confirmation of an earlier copse may have reached the host. */
  readonly mayHaveConfirmed: boolean;
}

/** How a window ended. */
export type Settled =
  | { readonly end: 'confirmed' }
  /** The host undid it; `said` is what it could not undo, `because` why no new connection could confirm before. */
  | { readonly end: 'undone'; readonly said: readonly string[]; readonly because: string }
  /** Nothing of it is there, and nobody confirmed. */
  | { readonly end: 'gone' }
  | { readonly end: 'armed' }
  /** Not seen to end in time. */
  | { readonly end: 'unknown'; readonly because: string; readonly undoing: boolean };

/** Time between two visits; after a refused login it is longer, because sshd shuts out for a while who is refused often. */
const PAUSE_MS = 1000;
const REFUSED_PAUSE_MS = 10_000;
/** So many refused logins in a row are enough: the change is undone at once over the connection of before. */
const REFUSALS = 3;
/** How long an undo may take after the time was over: units are restarted, and a reboot may belong to it. */
const UNDO_MS = 20 * 60_000;

/** Visits until the host says how the window ended. The host alone decides between confirming and undoing; copse only reads which it was. */
export async function settle(settling: Settling): Promise<Settled> {
  const { want, visit, clock, signal, withinMs } = settling;
  let deadline = clock.elapsed() + withinMs + 60_000;
  let confirms = settling.mayHaveConfirmed;
  let refusals = 0;
  let because = '';
  let isUndoing = false;
  let last = clock.elapsed();
  for (;;) {
    const before = clock.elapsed();
    const seen = await visit(want);
    deadline += asleepMs(before - last);
    last = before;
    signal.throwIfAborted();
    if (seen.state === 'confirmed') return { end: 'confirmed' };
    if (seen.state === 'undone') return { end: 'undone', said: seen.said.filter((line) => line !== ''), because };
    if (seen.state === 'none') return confirms ? { end: 'confirmed' } : { end: 'gone' };
    if (seen.state === 'armed' && want === 'look') return { end: 'armed' };
    if (seen.state === 'undoing' && !isUndoing) {
      isUndoing = true;
      deadline = clock.elapsed() + UNDO_MS;
      await settling.note('the host undoes the change now');
    }
    if (seen.state === 'away') {
      confirms ||= want === 'confirm' && seen.unclear;
      const why = seen.said[0] ?? '';
      if (why !== because && !isUndoing && want === 'confirm') await settling.note(`no new connection yet: ${why}`);
      because = why;
      refusals = seen.refused ? refusals + 1 : 0;
      if (refusals === REFUSALS && want === 'confirm') await settling.undoNow();
    }
    if (clock.elapsed() > deadline) return { end: 'unknown', because, undoing: isUndoing };
    await clock.sleep(seen.refused ? Math.min(REFUSED_PAUSE_MS, withinMs / 3) : PAUSE_MS, signal);
  }
}
