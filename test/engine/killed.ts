import type { Event } from '../../src/core/events.ts';
import { foldRun } from '../../src/journal/fold.ts';
import type { Fleet } from '../../src/sim/types.ts';
import { drive, type Driven } from './activation-fleet.ts';

class Killed extends Error {}

/** Drives until an event was written, as kill -9 right after that write would; what is in the journal then. */
export async function killedAt(
  fleet: Fleet,
  host: string,
  tasks: string,
  is: (event: Event) => boolean,
): Promise<readonly Event[]> {
  const written: Event[] = [];
  let isDead = false;
  await drive(fleet, host, tasks, {
    onEvent: (event) => {
      if (isDead) throw new Killed();
      written.push(event);
      isDead = is(event);
      if (isDead) throw new Killed();
    },
  }).catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error;
  });
  return written;
}

/** Goes on with what was written. */
export function resumeWith(fleet: Fleet, host: string, tasks: string, written: readonly Event[]): Promise<Driven> {
  const history = foldRun(written.map((event, index) => ({ seq: index + 1, at: '', epoch: 1, event })));
  return drive(fleet, host, tasks, { history });
}
