import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseFault } from '../../src/sim/faults.ts';
import { startFleet } from '../../src/sim/fleet.ts';
import { bootedOf } from '../../src/sim/model/sysroot.ts';
import type { Fleet, SimHost } from '../../src/sim/types.ts';
import { once, QUICK } from '../sim/client.ts';
import { drive } from './activation-fleet.ts';
import { OSTREE_ROWS, UPGRADE, type OstreeRow } from './ostree-outcomes.ts';

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
  const asRoot = async (text: string): Promise<void> => {
    const [word, fault = ''] = text.split(' ');
    if (word === 'FAULT') host.inject(parseFault(fault));
    else expect(await once(fleet, host, `sudo ${text}`)).toMatchObject({ code: 0 });
  };
  if (row.before !== undefined) await asRoot(row.before);
  for (const fault of row.faults ?? []) host.inject(fault);
  const told = await drive(fleet, host.name, row.tasks ?? UPGRADE, {
    once: row.when === undefined ? undefined : { type: row.when.type, run: () => asRoot(row.when?.run ?? '') },
  });

  const { counts, state } = host;
  expect(told.problems[0] ?? '', told.problems.join('\n')).toMatch(row.says ?? /^$/);
  expect(told.hints[0] ?? '').toMatch(row.hints ?? /(?:)/);
  if (row.code !== undefined) expect(told.codes).toEqual([row.code]);
  if (row.outcome !== undefined) expect(told.of('tools')['activation']).toMatchObject(row.outcome);
  const [first] = state.sysroot.deployments;
  const deploys = counts.calls.filter(({ tool, args }) => tool === 'ostree' && args[1] === 'deploy');
  expect({
    exit: told.result.status,
    reboots: counts.reboots,
    transactions: counts.transactions,
    deploys: deploys.filter(({ args }) => !args.includes('--help')).length,
    has: bootedOf(state.sysroot).origin.version === NEW,
    staged: first?.staged === true ? (first.locked ? 'locked' : 'open') : undefined,
  }).toEqual({
    exit: row.exit,
    reboots: row.reboots,
    transactions: row.transactions,
    deploys: row.deploys,
    has: row.has,
    staged: row.staged,
  });
}
