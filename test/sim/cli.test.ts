import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runDemo } from '../../src/cli/demo.ts';
import { obey, runSim } from '../../src/cli/sim.ts';
import { readFaults } from '../../src/cli/sim-faults.ts';
import type { Terminal } from '../../src/cli/streams.ts';
import { Fault as Problems } from '../../src/core/problem.ts';
import { startFleet } from '../../src/sim/fleet.ts';
import type { Fleet } from '../../src/sim/types.ts';
import { QUICK } from './client.ts';

/** A terminal that keeps what was written. */
function recorder(): { readonly terminal: Terminal; readonly text: () => string } {
  let text = '';
  const output = {
    write: (more: string): void => {
      text += more;
    },
  };
  return {
    terminal: { stdout: output, stderr: output, stdinIsTTY: false, env: { PATH: process.env['PATH'] }, cwd: '/' },
    text: () => text,
  };
}

describe('copse demo', () => {
  test('ends with 0 when everything happened as staged, and leaves nothing behind', { timeout: 90_000 }, async () => {
    const { terminal, text } = recorder();

    const status = await runDemo({}, terminal);

    expect([status, text()]).toEqual([0, expect.stringContaining('What you saw\n12 simulated hosts')]);
    expect(text()).toContain('12 hosts: 11 changed, 1 failed; 12 reboots');
    expect(text()).toContain('12 hosts: 11 ok, 1 changed; 1 reboot');
    expect(text()).toMatch(/edge07 +FAILED/);
  });
});

describe('copse sim', () => {
  test('says where the inventory is, and removes it when it is interrupted', async () => {
    const { terminal, text } = recorder();

    const ending = runSim({ hosts: 2, faults: [], seed: 1, user: 'core', pace: 1 }, terminal);
    while (!text().includes('Ctrl-C')) await new Promise((resolve) => setTimeout(resolve, 20));
    const inventory = /(\S+inventory\.yaml)/.exec(text())?.[1] ?? '';
    const wasThere = existsSync(inventory);
    process.emit('SIGINT');

    expect(await ending).toBe(0);
    expect([wasThere, existsSync(dirname(inventory))]).toEqual([true, false]);
  });

  test('tells all wrong faults of its command line at once', () => {
    const read = (): unknown => readFaults(['edge01=nosuch,edge9=refuse', 'slow'], ['edge01', 'edge02']);

    expect(read).toThrow(Problems);
    expect(read).toThrow(
      'fault "nosuch": no such fault; fault "edge9=refuse": expected HOST=FAULT, found no host "edge9"; fault "slow": expected HOST=FAULT, found no host "slow"',
    );
  });

  test('reads several faults of a host', () => {
    expect(readFaults(['edge01=slow:1s, edge01=boots-old', 'edge02=refuse'], ['edge01', 'edge02'])).toEqual({
      edge01: [
        { fault: 'slow', ms: 1000 },
        { fault: 'boots-old', cause: 'no-space' },
      ],
      edge02: [{ fault: 'refuse' }],
    });
  });
});

describe('a line typed into copse sim', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet({ hosts: 2, timing: QUICK });
  });
  afterAll(async () => {
    await fleet.stop();
  });

  test.each([
    ['', ''],
    ['edge01 ignores-reboot', 'edge01: says yes to a reboot and does not do it\n'],
    ['edge01', 'edge01  up  42.20260907.0 262053337b  0 reboots, 0 connections, 0 commands  fault ignores-reboot\n'],
    ['edge01 ok', 'edge01: nothing goes wrong any more\n'],
    ['edge03', 'there is no host "edge03"; type "HOST FAULT", "HOST ok", "status" or "faults"\n'],
    ['edge01 slow fast', 'fault "slow:fast": "fast" is no duration [E_USAGE]\n   hint: write it as 200ms, 30s or 2m\n'],
  ])('%j is answered with %j', (line, answer) => {
    expect(obey(fleet, line)).toBe(answer);
  });
});
