import { expect, it } from 'vitest';
import { startFleet } from '../src/sim/fleet.ts';
import { drive } from '../test/engine/activation-fleet.ts';
import { table } from './measure.ts';

const HOSTS = 12;
const TASKS = '- {name: tools, rpm_ostree: {packages: [tmux], reboot_timeout: 20s}}';

it('from "sshd answers again" to "copse has proven the boot", one host after the other', async () => {
  const fleet = await startFleet({ hosts: HOSTS, timing: { transaction: 60, shutdown: 50, down: 1500, boot: 0 } });
  try {
    const times: number[] = [];
    for (const host of fleet.hosts) {
      let wasDown = false;
      let back = 0;
      const watch = setInterval(() => {
        if (!host.state.up) wasDown = true;
        else if (wasDown && back === 0) back = performance.now();
      }, 5);
      const { problems } = await drive(fleet, host.name, TASKS, {
        onEvent: (event) => {
          if (event.type === 'step-end' && back > 0) times.push((performance.now() - back) / 1000);
        },
      });
      clearInterval(watch);
      expect(problems).toEqual([]);
    }
    const sorted = times.toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    const row = ['s from sshd to proof', median.toFixed(2), (sorted.at(-1) ?? 0).toFixed(2)];
    console.log(`\n${table(['', 'median', 'slowest'], [row])}\n`);
    expect(sorted.length).toBe(HOSTS);
  } finally {
    await fleet.stop();
  }
});
