import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseFault } from '../../src/sim/faults.ts';
import { startFleet } from '../../src/sim/fleet.ts';
import { bootedOf } from '../../src/sim/model/sysroot.ts';
import type { Fleet, HostOptions, SimHost } from '../../src/sim/types.ts';
import { once, QUICK } from '../sim/client.ts';
import { drive } from './activation-fleet.ts';
import { BOOTC_ROWS, OS, UPGRADE, type BootcRow } from './bootc-outcomes.ts';

const NEW = '42.20261012.0';
const TIMER = 'bootc-fetch-apply-updates.timer';
const nameOf = (index: number): string => `edge${index + 1}`;

let fleet: Fleet;
beforeAll(async () => {
  const hosts = BOOTC_ROWS.map(({ host }, index): HostOptions => {
    const { image = OS, ...more } = host ?? {};
    return { name: nameOf(index), ...more, ...(image === '' ? {} : { image }) };
  });
  fleet = await startFleet({ hosts, timing: QUICK });
});
afterAll(async () => {
  await fleet.stop();
});

describe('an outcome of bootc is told as it is, and nothing more is done', () => {
  for (const [index, row] of BOOTC_ROWS.entries()) {
    it(row.name, () => meets(row, fleet.host(nameOf(index))), 90_000);
  }
});

async function meets(row: BootcRow, host: SimHost): Promise<void> {
  const asRoot = async (text: string): Promise<void> => {
    const [word, fault = ''] = text.split(' ');
    if (word === 'FAULT') host.inject(parseFault(fault));
    else await once(fleet, host, `sudo ${text}`);
  };
  for (const fault of row.faults ?? []) host.inject(fault);
  const { bootId } = host.state;
  const told = await drive(fleet, host.name, row.tasks ?? UPGRADE, {
    once: row.when === undefined ? undefined : { type: row.when.type, run: () => asRoot(row.when?.run ?? '') },
  });

  const { counts, state } = host;
  expect(told.problems[0] ?? '', told.problems.join('\n')).toMatch(row.says ?? /^$/);
  expect(told.hints[0] ?? '').toMatch(row.hints ?? /(?:)/);
  if (row.code !== undefined) expect(told.codes).toEqual([row.code]);
  if (row.outcome !== undefined) expect(told.of('tools')['activation']).toMatchObject(row.outcome);
  expect({
    exit: told.result.status,
    reboots: counts.reboots,
    transactions: counts.transactions,
    has: bootedOf(state.sysroot).origin.version === NEW,
  }).toEqual({ exit: row.exit, reboots: row.reboots, transactions: row.transactions, has: row.has });
  if (row.host?.sameKernel === true) expect(state.bootId).toBe(bootId);
  const timer = state.units.get(TIMER);
  if (state.up && timer !== undefined) expect([timer.active, timer.masked]).toEqual(['active', false]);
}
