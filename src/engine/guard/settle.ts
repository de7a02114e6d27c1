import type { Clock } from '../../core/clock.ts';
import { asleepMs } from '../activation/wait.ts';
import type { Seen } from './types.ts';
import { VISIT_MS } from './visit.ts';

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
  /** Whether a reboot may belong to the undo. */
  readonly boots: boolean;
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
/** How long an undo that was seen to begin may take: units are restarted, and a reboot may belong to it. */
const UNDO_MS = 20 * 60_000;
/** How long after the time is over a host that lets nobody in may take to undo and be back: units are restarted, or it boots. */
const BACK_MS = 2 * 60_000;
const BOOTED_MS = 10 * 60_000;

/** What was learned over the visits so far. */
interface Learned {
  confirms: boolean;
  refusals: number;
  because: string;
  isUndoing: boolean;
  deadline: number;
}

/** Visits until the host says how the window ended. The host alone decides between confirming and undoing; copse only reads which it was. */
export async function settle(settling: Settling): Promise<Settled> {
  const { want, visit, clock, signal, withinMs, boots, mayHaveConfirmed } = settling;
  const learned: Learned = {
    confirms: mayHaveConfirmed,
    refusals: 0,
    because: '',
    isUndoing: false,
    deadline: clock.elapsed() + withinMs + (boots ? BOOTED_MS : BACK_MS),
  };
  for (;;) {
    const began = clock.elapsed();
    const seen = await visit(want);
    signal.throwIfAborted();
    learned.deadline += asleepMs(clock.elapsed() - began - VISIT_MS);
    const settled = settledBy(seen, want, learned);
    if (settled !== undefined) return settled;
    if (seen.state === 'undoing') await undoing(settling, learned);
    if (seen.state === 'away') await away(seen, settling, learned);
    const { because, isUndoing, deadline } = learned;
    if (clock.elapsed() > deadline) return { end: 'unknown', because, undoing: isUndoing };
    const pauseMs = seen.refused ? Math.min(REFUSED_PAUSE_MS, withinMs / 3) : PAUSE_MS;
    const paused = clock.elapsed();
    await clock.sleep(pauseMs, signal);
    learned.deadline += asleepMs(clock.elapsed() - paused - pauseMs);
  }
}

/** The end that a visit saw, or undefined while there is none. */
function settledBy({ state, said }: Seen, want: Settling['want'], { confirms, because }: Learned): Settled | undefined {
  switch (state) {
    case 'confirmed':
      return { end: 'confirmed' };
    case 'undone':
      return { end: 'undone', said: said.filter((line) => line !== ''), because };
    case 'none':
      return confirms ? { end: 'confirmed' } : { end: 'gone' };
    case 'armed':
      return want === 'look' ? { end: 'armed' } : undefined;
    case 'undoing':
    case 'away':
      return undefined;
  }
}

async function undoing({ note, clock }: Settling, learned: Learned): Promise<void> {
  if (learned.isUndoing) return;
  learned.isUndoing = true;
  learned.deadline = clock.elapsed() + UNDO_MS;
  await note('the host undoes the change now');
}

async function away({ said, refused, unclear }: Seen, settling: Settling, learned: Learned): Promise<void> {
  const [why = ''] = said;
  const isConfirming = settling.want === 'confirm';
  if (isConfirming && why !== learned.because && !learned.isUndoing)
    await settling.note(`no new connection yet: ${why}`);
  learned.because = why;
  learned.confirms ||= isConfirming && unclear;
  learned.refusals = refused ? learned.refusals + 1 : 0;
  if (isConfirming && learned.refusals === REFUSALS) await settling.undoNow();
}
