import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Event } from '../../src/core/events.ts';
import { startFleet } from '../../src/sim/fleet.ts';
import type { Fleet } from '../../src/sim/types.ts';
import { once, QUICK } from '../sim/client.ts';
import { drive } from './activation-fleet.ts';
import { killedAt, resumeWith } from './killed.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({
    hosts: ['edge01', 'edge02', 'edge03', 'edge04', 'edge05'].map((name) => ({
      name,
      driver: 'zincati' as const,
    })),
    timing: QUICK,
  });
});
afterAll(async () => {
  await fleet.stop();
});

async function unit(host: string, verb: string): Promise<string> {
  return (await once(fleet, fleet.host(host), `systemctl ${verb} zincati.service`)).out.trim();
}

const isRebootEnd = (event: Event): boolean => event.type === 'step-end' && event.step === 2;

describe('other updaters', () => {
  it('are held while the host is changed, and run afterwards', async () => {
    const seen: string[] = [];
    const { problems } = await drive(
      fleet,
      'edge01',
      '- {name: tools, rpm_ostree: {packages: [tmux], activate: stage}}',
      {
        once: { type: 'step-output', run: async () => void seen.push(await unit('edge01', 'is-enabled')) },
      },
    );

    expect([problems, seen, await unit('edge01', 'is-active')]).toEqual([[], ['masked-runtime'], 'active']);
  });

  it('are given back when the change fails', async () => {
    const { result } = await drive(fleet, 'edge02', '- {name: tools, rpm_ostree: {packages: [no-such-package]}}');

    expect([result.status, await unit('edge02', 'is-active')]).toEqual([2, 'active']);
  });

  it('that a copse held which is gone are given back by the next run, although nothing else is to do', async () => {
    const tasks = '- {name: tools, rpm_ostree: {packages: [tmux], activate: stage}}';
    await killedAt(fleet, 'edge03', tasks, (event) => event.type === 'step-end' && event.step === 1);
    const held = await unit('edge03', 'is-active');
    const { problems } = await drive(fleet, 'edge03', tasks);

    expect([held, problems, await unit('edge03', 'is-active')]).toEqual(['inactive', [], 'active']);
  });
});

describe('a run that goes on after copse was killed at a reboot', () => {
  const tasks = '- {name: tools, rpm_ostree: {packages: [tmux], reboot_timeout: 20s}}';

  it('waits for a host that is away, and proves what was announced', async () => {
    const host = fleet.host('edge04');
    host.inject({ fault: 'comes-late', ms: 2500 });
    const killing = new AbortController();
    const first = drive(fleet, 'edge04', tasks, { signal: killing.signal });
    while (host.state.up) await delay(10);
    killing.abort();
    const { events } = await first;
    const cut = events.findIndex((event) => event.type === 'reboot-intent') + 1;
    const { ends, problems } = await resumeWith(fleet, 'edge04', tasks, events.slice(0, cut));

    expect([problems, ends, host.counts.reboots]).toEqual([[], ['tools changed'], 1]);
  });

  it('tells a fallback that nobody saw, and does not layer and reboot again', async () => {
    const host = fleet.host('edge05');
    host.inject({ fault: 'boots-old', cause: 'no-space' });
    const written = await killedAt(fleet, 'edge05', tasks, isRebootEnd);
    const cut = written.findIndex((event) => event.type === 'reboot-intent') + 1;
    const { result, problems } = await resumeWith(fleet, 'edge05', tasks, written.slice(0, cut));

    expect([result.status, problems[0]]).toEqual([2, expect.stringMatching(/fell back: .*No space left/)]);
    expect([host.counts.reboots, host.counts.transactions]).toEqual([1, 1]);
  });
});
