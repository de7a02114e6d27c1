import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import type { Event } from '../../src/core/events.ts';
import { fault, type Fault } from '../../src/core/problem.ts';
import { patiently } from '../../src/engine/patience.ts';

const lost = fault({ code: 'E_LOST', message: 'the connection was lost' });
const away = fault({ code: 'E_CONNECT', message: 'no route to the host' });

/** Reads what the faults stand in the way of, one after the other; time passes only by waiting. */
async function read(
  faults: readonly Fault[],
  signal = new AbortController().signal,
): Promise<{ tries: number; notes: readonly string[]; waitedMs: number; came: unknown }> {
  let [tries, elapsed] = [0, 0];
  const events: Event[] = [];
  const clock: Clock = {
    now: () => elapsed,
    elapsed: () => elapsed,
    sleep: async (ms) => {
      elapsed += ms;
    },
  };
  const ref = { play: 0, task: 0, host: 'a', name: 'one' } as unknown as Parameters<typeof patiently>[0]['ref'];
  const emit = async (event: Event): Promise<void> => {
    events.push(event);
  };
  const came = await patiently({ clock, signal, emit, ref }, async () => {
    tries += 1;
    const found = faults[Math.min(tries, faults.length) - 1];
    if (found !== undefined && (tries <= faults.length || found === forEver)) throw found;
    return 'read';
  }).catch((error: unknown) => error);
  return {
    tries,
    notes: events.flatMap((event) => (event.type === 'note' ? [event.text] : [])),
    waitedMs: elapsed,
    came,
  };
}

const forEver = fault({ code: 'E_CONNECT', message: 'the host is gone' });

describe('reading a host whose change has begun', () => {
  it('tries again while the link is down, and says so once', async () => {
    expect(await read([lost, away, away])).toEqual({
      tries: 4,
      notes: ['link lost (the connection was lost); trying again'],
      waitedMs: 250 + 500 + 1000,
      came: 'read',
    });
  });

  it('gives up with the last fault after five minutes', async () => {
    const { came, waitedMs } = await read([lost, forEver]);

    expect([came, waitedMs > 280_000 && waitedMs <= 300_000]).toEqual([forEver, true]);
  });

  it('does not try again what is not the link', async () => {
    const refused = fault({ code: 'E_BECOME', message: 'sudo refuses' });

    expect(await read([refused])).toEqual({ tries: 1, notes: [], waitedMs: 0, came: refused });
  });

  it('ends with the run that is interrupted', async () => {
    expect(await read([lost], AbortSignal.abort())).toMatchObject({ tries: 1, waitedMs: 0, came: lost });
  });
});
