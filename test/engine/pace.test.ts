import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linearPace } from '../../src/engine/pace.ts';

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the linear pace', () => {
  it('holds a host until every other one has come as far', async () => {
    const pace = linearPace(['a', 'b']);
    const log: string[] = [];
    await Promise.all([pace.arrive('a', 0), pace.arrive('b', 0)]);

    const ahead = pace.arrive('a', 1).then(() => log.push('a at 1'));
    await tick();
    log.push('b still at 0');
    await pace.arrive('b', 1);
    await ahead;

    expect(log).toEqual(['b still at 0', 'a at 1']);
  });

  it('waits for nobody who has left', async () => {
    const pace = linearPace(['a', 'b']);
    const waiting = pace.arrive('a', 3);

    pace.leave('b');

    await expect(waiting).resolves.toBeUndefined();
  });

  it('lets the host that went back in a loop catch up first', async () => {
    const pace = linearPace(['a', 'b']);
    await Promise.all([pace.arrive('a', 1), pace.arrive('b', 1)]);
    const log: string[] = [];

    const after = pace.arrive('b', 2).then(() => log.push('b after the loop'));
    await pace.arrive('a', 0);
    log.push('a again in the loop');
    await pace.arrive('a', 1);
    await Promise.all([after, pace.arrive('a', 2)]);

    expect(log).toEqual(['a again in the loop', 'b after the loop']);
  });

  it('never lets a host begin a position that another has not reached, and always ends', async () => {
    const walks = fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.array(fc.nat(4), { maxLength: 12 })), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(walks, async (plans) => {
        const hosts = plans.map((_, index) => `host${index}`);
        const pace = linearPace(hosts);
        const at = new Map(hosts.map((host) => [host, -1]));
        await Promise.all(
          plans.map(async ([length, pauses], index) => {
            const host = hosts[index]!;
            for (let position = 0; position < length; position += 1) {
              at.set(host, position);
              await pace.arrive(host, position);
              expect(Math.min(...at.values())).toBeGreaterThanOrEqual(position);
              for (let wait = pauses[position] ?? 0; wait > 0; wait -= 1) await tick();
            }
            at.delete(host);
            pace.leave(host);
          }),
        );
      }),
      { numRuns: 60 },
    );
  });
});
