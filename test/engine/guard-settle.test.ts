import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { settle, type Settled, type Settling } from '../../src/engine/guard/settle.ts';
import type { Seen } from '../../src/engine/guard/types.ts';

const seen = (state: Seen['state'], more: Partial<Seen> = {}): Seen => ({
  state,
  said: [],
  refused: false,
  unclear: false,
  ...more,
});
const REFUSED = seen('away', { said: ['refused'], refused: true });
const AWAY = seen('away', { said: ['no route'] });
const BROKEN = seen('away', { said: ['lost'], unclear: true });

interface Told {
  readonly settled: Settled;
  readonly notes: readonly string[];
  readonly undone: number;
  readonly ms: number;
}

/** Settles over visits that see this, the last of them for ever, on a clock of its own. */
async function over(
  visits: readonly Seen[],
  more: Partial<Settling> = {},
  { sleepsMs = 0, visitMs = 0 }: { readonly sleepsMs?: number; readonly visitMs?: number } = {},
): Promise<Told> {
  let [now, at, undone] = [0, 0, 0];
  const notes: string[] = [];
  const clock: Clock = {
    now: () => now,
    elapsed: () => now,
    sleep: (ms) => {
      now += ms + sleepsMs;
      return Promise.resolve();
    },
  };
  const settled = await settle({
    want: 'confirm',
    visit: () => {
      now += visitMs;
      return Promise.resolve(visits[Math.min(at++, visits.length - 1)] ?? AWAY);
    },
    undoNow: () => Promise.resolve((undone += 1)),
    note: (text) => Promise.resolve(void notes.push(text)),
    clock,
    signal: new AbortController().signal,
    withinMs: 60_000,
    boots: false,
    mayHaveConfirmed: false,
    ...more,
  });
  return { settled, notes, undone, ms: now };
}

describe('the end of a window', () => {
  it.each<readonly [string, readonly Seen[], Settled]>([
    ['is what the host says at once', [seen('confirmed')], { end: 'confirmed' }],
    ['comes with the first connection that works', [AWAY, AWAY, seen('confirmed')], { end: 'confirmed' }],
    ['is a confirmation that was cut off, and came through', [BROKEN, seen('none')], { end: 'confirmed' }],
    ['is no confirmation where none can have come through', [AWAY, seen('none')], { end: 'gone' }],
    [
      'is the undo that fired while copse confirmed',
      [BROKEN, seen('undoing'), seen('undone', { said: [''] })],
      { end: 'undone', said: [], because: 'lost' },
    ],
    [
      'names what could not be undone',
      [AWAY, seen('undone', { said: ['/etc/a could not be restored'] })],
      { end: 'undone', said: ['/etc/a could not be restored'], because: 'no route' },
    ],
    ['is not known when nobody answers any more', [AWAY], { end: 'unknown', because: 'no route', undoing: false }],
  ])('%s', async (_, visits, settled) => {
    expect((await over(visits)).settled).toEqual(settled);
  });

  it('is left to the host for its whole time and two minutes, and a changed reason is told once', async () => {
    const { ms, notes } = await over([AWAY, AWAY, BROKEN]);

    expect([ms > 180_000, ms < 190_000, notes]).toEqual([
      true,
      true,
      ['no new connection yet: no route', 'no new connection yet: lost'],
    ]);
  });

  it('is waited for longer where the host has to boot to undo', async () => {
    const quiet = Array.from({ length: 500 }, () => AWAY);

    expect((await over([...quiet, seen('undone')], { boots: true })).settled.end).toBe('undone');
    expect((await over([...quiet, seen('undone')])).settled.end).toBe('unknown');
  });

  it('is forced over the connection of before when logging in is refused three times, with long pauses', async () => {
    const { settled, undone, ms } = await over([REFUSED, REFUSED, REFUSED, seen('undoing'), seen('undone')]);

    expect([settled.end, undone, ms]).toEqual(['undone', 1, 31_000]);
  });

  it('is waited for anew after the laptop slept', async () => {
    const { settled } = await over([AWAY, AWAY, AWAY, seen('undone')], {}, { sleepsMs: 3_600_000 });

    expect(settled.end).toBe('undone');
  });

  it('is not waited for without end where each visit hangs as long as it may', async () => {
    const { settled, ms } = await over([BROKEN], {}, { visitMs: 90_000 });

    expect([settled.end, ms < 400_000]).toEqual(['unknown', true]);
  });

  it('is not changed by who only looks', async () => {
    expect((await over([seen('armed')], { want: 'look' })).settled).toEqual({ end: 'armed' });
  });

  it('takes as long as an undo with a reboot may take', async () => {
    const { settled } = await over([...Array.from({ length: 1000 }, () => seen('undoing')), seen('undone')]);

    expect(settled.end).toBe('undone');
  });
});
