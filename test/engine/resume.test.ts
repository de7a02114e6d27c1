import { describe, expect, it } from 'vitest';
import type { Event } from '../../src/core/events.ts';
import { foldRun } from '../../src/journal/fold.ts';
import type { FakeHost } from '../support/fake-session.ts';
import { play, type Played } from './harness.ts';

const BOOT_ID = 'cat /proc/sys/kernel/random/boot_id';
const text = `
- hosts: all
  gather_facts: false
  tasks:
    - {name: one, command: one, register: r}
    - {name: two, command: "two \${{ r.stdout }}"}
    - {name: boot, reboot: {}}
    - {name: last, command: last}
`;

/** A host that outlives the copse that drives it: it counts what it was sent, and changes its boot id when told to reboot. */
function realHost(): { readonly script: () => FakeHost; readonly sent: string[] } {
  const sent: string[] = [];
  let boots = 0;
  const count = (name: string, reply: string) => () => {
    sent.push(name);
    return reply;
  };
  return {
    sent,
    script: () => ({
      commands: [
        ['one', count('one', 'result')],
        ['two result', count('two', '')],
        ['last', count('last', '')],
        [BOOT_ID, () => `boot-${boots}`],
        [/rpm-ostree status/, { code: 3 }],
        [
          /^sh -c [^]*copse-reboot[^]*exec "\$@"/,
          () => {
            sent.push('reboot');
            boots += 1;
            return { ending: { how: 'lost', reason: 'going down' } };
          },
        ],
        [/\[ -e "\/run\/copse-reboot/, { code: 1 }],
      ],
    }),
  };
}

class Killed extends Error {}

/** Plays until the nth event is written, as kill -9 right after that write would. */
async function killedAfter(count: number, host: ReturnType<typeof realHost>): Promise<readonly Event[]> {
  const written: Event[] = [];
  await play(text, {
    hosts: ['a'],
    script: host.script,
    onEvent: (event) => {
      if (written.length >= count) throw new Killed();
      written.push(event);
      if (written.length === count) throw new Killed();
    },
  }).catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error;
  });
  return written;
}

function resumed(
  written: readonly Event[],
  host: ReturnType<typeof realHost>,
  inDoubt?: 'redo' | 'skip',
): Promise<Played> {
  const history = foldRun(written.map((event, index) => ({ seq: index + 1, at: '', epoch: 1, event })));
  return play(text, { hosts: ['a'], script: host.script, history, ...(inDoubt === undefined ? {} : { inDoubt }) });
}

describe('a run that goes on after copse was killed', () => {
  it('sends nothing twice and loses nothing, wherever it was killed', async () => {
    const whole = realHost();
    const { events } = await play(text, { hosts: ['a'], script: whole.script });

    for (let count = 1; count < events.length; count += 1) {
      const host = realHost();
      const written = await killedAfter(count, host);
      const atKill = [...host.sent];
      const last = written.findLast((event) => event.type === 'step-start' || event.type === 'task-end');
      const doubt = last?.type === 'step-start' && last.do === 'run';
      const { result } = await resumed(written, host);

      if (result.status === 0) expect(host.sent, `killed after event ${count}`).toEqual(whole.sent);
      else {
        // Only an action that was announced may stay in doubt; it is told, not guessed.
        expect([doubt, host.sent], `killed after event ${count}`).toEqual([true, atKill]);
      }
    }
  });

  it('tells an action in doubt, and does as it is told about it', async () => {
    const first = realHost();
    const cut = (await play(text, { hosts: ['a'], script: first.script })).events.findIndex(
      (event) => event.type === 'step-start',
    );
    const host = realHost();
    const written = await killedAfter(cut + 1, host);

    const failed = await resumed(written, host);
    const redone = await resumed(written, host, 'redo');

    expect(JSON.stringify(failed.events)).toContain('is not known');
    expect(failed.result.status).toBe(2);
    expect(redone.result.status).toBe(0);
    expect(host.sent).toEqual(['one', 'two', 'reboot', 'last']);
  });

  it('takes the results of tasks that were done from the journal', async () => {
    const host = realHost();
    const { events } = await play(text, { hosts: ['a'], script: host.script });
    const again = realHost();

    const { ends, result } = await resumed(events, again);

    expect(again.sent).toEqual([]);
    expect([ends, result.status]).toEqual([['a one ran', 'a two ran', 'a boot ran', 'a last ran'], 0]);
  });
});
