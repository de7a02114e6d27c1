import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFleet } from '../../src/sim/fleet.ts';
import type { Fleet } from '../../src/sim/types.ts';
import { QUICK } from '../sim/client.ts';
import { drive } from './activation-fleet.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({ hosts: 12, timing: QUICK });
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
