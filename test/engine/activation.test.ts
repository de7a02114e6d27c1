import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFleet } from '../../src/sim/fleet.ts';
import { packagesOf } from '../../src/sim/model/deployment.ts';
import { runningOf } from '../../src/sim/model/sysroot.ts';
import type { Fleet, SimHost } from '../../src/sim/types.ts';
import { QUICK } from '../sim/client.ts';
import { drive } from './activation-fleet.ts';
import { holdsOnHost } from './outcome-told.ts';
import { LAYER, ROWS, type Row } from './outcomes.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({ hosts: ROWS.length + 4, timing: QUICK });
});
afterAll(async () => {
  await fleet.stop();
});

describe('layering and booting', () => {
  it('stages locked, checks what was staged, and boots it with one command', async () => {
    const { ends, problems, of } = await drive(fleet, 'edge01', '- {name: tools, rpm_ostree: {packages: [tmux]}}');

    const host = fleet.host('edge01');
    expect([ends, problems, host.counts.reboots, host.counts.transactions]).toEqual([['tools changed'], [], 1, 1]);
    expect(
      host.counts.calls.filter(({ tool, args }) => tool === 'rpm-ostree' && args[0] === 'finalize-deployment'),
    ).toHaveLength(1);
    expect(of('tools')['activation']).toMatchObject({ result: 'updated' });
  });

  it('joins the reboots of neighbours into one', async () => {
    const { ends, problems } = await drive(
      fleet,
      'edge02',
      `- {name: one, rpm_ostree: {packages: [tmux]}}
- {name: two, rpm_ostree: {packages: [htop]}}
- {name: three, reboot: {when_needed: true}}
- {name: four, command: tmux -V}`,
    );

    const host = fleet.host('edge02');
    expect([problems, ends]).toEqual([[], ['one changed', 'two changed', 'three ok', 'four ran']]);
    expect([host.counts.reboots, host.counts.transactions]).toEqual([1, 2]);
  });
});

describe('an update that the task before staged', () => {
  it('is built on, and booted by the same reboot', async () => {
    const host = fleet.host(`edge${ROWS.length + 4}`);
    const { ends, problems } = await drive(
      fleet,
      host.name,
      `- {name: image, rpm_ostree: {upgrade: true}}
- {name: layer, rpm_ostree: {packages: [tmux]}}
- {name: arguments, rpm_ostree: {kargs: {append: [quiet]}}}`,
    );

    expect([problems, ends]).toEqual([[], ['image changed', 'layer changed', 'arguments changed']]);
    const { origin } = runningOf(host.state.sysroot);
    expect([host.counts.reboots, packagesOf(origin).some(({ name }) => name === 'tmux')]).toEqual([1, true]);
  });
});

describe('an outcome is told as it is, and nothing more is done', () => {
  for (const [index, row] of ROWS.entries()) {
    it(row.name, () => meets(row, fleet.host(`edge${String(index + 3).padStart(2, '0')}`)), 90_000);
  }
});

async function meets(row: Row, host: SimHost): Promise<void> {
  await holdsOnHost(row, fleet, host, LAYER);

  const { origin } = runningOf(host.state.sysroot);
  expect(packagesOf(origin).some((one) => one.name === 'tmux')).toBe(row.has);
}

describe('a connection that is cut while the reboot is sent', () => {
  it('ends in a proven boot, or in the certainty that the host was not told; never in a second reboot', async () => {
    const name = `edge${String(ROWS.length + 3).padStart(2, '0')}`;
    const host = fleet.host(name);
    const cut = (): Promise<void> => Promise.resolve(host.inject({ fault: 'drop', after: 1 }));
    const told = await drive(fleet, name, LAYER, { once: { type: 'reboot-intent', run: cut } });

    const { result } = told.of('tools')['activation'] as { readonly result: string };
    expect([result, host.counts.reboots]).toEqual(result === 'not_sent' ? ['not_sent', 0] : ['updated', 1]);
  }, 90_000);
});
