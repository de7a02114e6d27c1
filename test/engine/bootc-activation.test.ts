import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFleet } from '../../src/sim/fleet.ts';
import { bootedOf } from '../../src/sim/model/sysroot.ts';
import type { Fleet, HostOptions, SimHost } from '../../src/sim/types.ts';
import { QUICK } from '../sim/client.ts';
import { BOOTC_ROWS, OS, UPGRADE, type BootcRow } from './bootc-outcomes.ts';
import { holdsOnHost } from './outcome-told.ts';

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
  const { bootId } = host.state;
  await holdsOnHost(row, fleet, host, UPGRADE);

  const { state } = host;
  expect(bootedOf(state.sysroot).origin.version === NEW).toBe(row.has);
  if (row.host?.sameKernel === true) expect(state.bootId).toBe(bootId);
  const timer = state.units.get(TIMER);
  if (state.up && timer !== undefined) expect([timer.active, timer.masked]).toEqual(['active', false]);
}
