import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFleet } from '../../src/sim/fleet.ts';
import { bootedOf } from '../../src/sim/model/sysroot.ts';
import type { Fleet, SimHost } from '../../src/sim/types.ts';
import { QUICK } from '../sim/client.ts';
import { OSTREE_ROWS, UPGRADE, type OstreeRow } from './ostree-outcomes.ts';
import { holdsOnHost } from './outcome-told.ts';

const NEW = '42.20261012.0';
const nameOf = (index: number): string => `edge${index + 1}`;

let fleet: Fleet;
beforeAll(async () => {
  const hosts = OSTREE_ROWS.map(({ host }, index) => ({ name: nameOf(index), isPlainOstree: true, ...host }));
  fleet = await startFleet({ hosts, timing: QUICK });
});
afterAll(async () => {
  await fleet.stop();
});

describe('an outcome of ostree is told as it is, and nothing more is done', () => {
  for (const [index, row] of OSTREE_ROWS.entries()) {
    it(row.name, () => meets(row, fleet.host(nameOf(index))), 90_000);
  }
});

async function meets(row: OstreeRow, host: SimHost): Promise<void> {
  await holdsOnHost(row, fleet, host, UPGRADE);

  const { counts, state } = host;
  const [first] = state.sysroot.deployments;
  const deploys = counts.calls.filter(({ tool, args }) => tool === 'ostree' && args[1] === 'deploy');
  expect({
    deploys: deploys.filter(({ args }) => !args.includes('--help')).length,
    has: bootedOf(state.sysroot).origin.version === NEW,
    staged: first?.staged === true ? (first.locked ? 'locked' : 'open') : undefined,
  }).toEqual({
    deploys: row.deploys,
    has: row.has,
    staged: row.staged,
  });
}
