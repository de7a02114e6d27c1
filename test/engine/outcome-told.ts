import { expect } from 'vitest';
import { parseFault } from '../../src/sim/faults.ts';
import type { Fleet, SimHost } from '../../src/sim/types.ts';
import { once } from '../sim/client.ts';
import { drive } from './activation-fleet.ts';
import type { Row } from './outcomes.ts';

/**
 * Runs a row on its host and holds what was told and counted against it; whether the host `has` the change is left to the caller.
 * `usual` is the task of a row without tasks.
 */
export async function holdsOnHost(row: Row, fleet: Fleet, host: SimHost, usual: string): Promise<void> {
  const asRoot = async (text: string): Promise<void> => {
    const [word, fault = ''] = text.split(' ');
    if (word === 'FAULT') host.inject(parseFault(fault));
    else expect(await once(fleet, host, `sudo ${text}`)).toMatchObject({ code: 0 });
  };
  if (row.before !== undefined) await asRoot(row.before);
  for (const fault of row.faults ?? []) host.inject(fault);
  const told = await drive(fleet, host.name, row.tasks ?? usual, {
    once: row.when === undefined ? undefined : { type: row.when.type, run: () => asRoot(row.when?.run ?? '') },
  });

  expect(told.problems[0] ?? '', told.problems.join('\n')).toMatch(row.says ?? /^$/);
  expect(told.hints[0] ?? '').toMatch(row.hints ?? /(?:)/);
  if (row.code !== undefined) expect(told.codes).toEqual([row.code]);
  if (row.notes !== undefined) expect(told.notes).toContainEqual(expect.stringMatching(row.notes));
  if (row.outcome !== undefined) expect(told.of('tools')['activation']).toMatchObject(row.outcome);
  const { reboots, transactions } = host.counts;
  expect({ exit: told.result.status, reboots, transactions }).toEqual({
    exit: row.exit,
    reboots: row.reboots,
    transactions: row.transactions,
  });
}
