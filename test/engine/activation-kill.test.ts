import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFleet } from '../../src/sim/fleet.ts';
import type { Fleet } from '../../src/sim/types.ts';
import { QUICK } from '../sim/client.ts';
import { journalOf, runCopse, stateOf, type Ended } from './copse-process.ts';

const HOSTS = 110;
const nameOf = (number: number): string => `edge${String(number).padStart(3, '0')}`;
const PLAYBOOK = `- hosts: all
  become: true
  tasks:
    - {name: tools, rpm_ostree: {packages: [tmux], reboot_timeout: 20s}}
    - {name: more, rpm_ostree: {packages: [htop], reboot_timeout: 20s}}
    - {name: after, file: {path: /var/lib/after, state: directory}}
`;

let fleet: Fleet;
let folder: string;
beforeAll(async () => {
  const hosts = Array.from({ length: HOSTS }, (_, at) => ({ name: nameOf(at + 1), driver: 'zincati' as const }));
  fleet = await startFleet({ hosts, timing: QUICK });
  folder = await mkdtemp(join(tmpdir(), 'copse-kill-'));
  await writeFile(join(folder, 'site.yaml'), PLAYBOOK);
});
afterAll(async () => {
  await fleet.stop();
  await rm(folder, { recursive: true });
});

function copse(host: string, words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return runCopse({ folder, host, words, env, hook: 'kill-at-write.mjs' });
}

const run = (host: string, env: Readonly<Record<string, string>>): Promise<Ended> =>
  copse(host, ['run', 'site.yaml', '-i', fleet.inventoryFile, '-l', host], env);

/** The updater of the host, which was held meanwhile, runs again. */
const RIGHT = { reboots: 1, transactions: 2, tools: ['tmux', 'htop'], after: true, updater: 'active', held: false };

describe('kill -9 at every write of the journal of a play that layers and reboots', () => {
  it('is made good by resume: the same end, nothing sent twice, no reboot added, and nothing held', async () => {
    const counter = join(folder, 'count');
    const whole = await run(nameOf(1), { COPSE_KILL_COUNT: counter });
    const writes = Number(readFileSync(counter, 'utf8'));
    expect([whole.code, stateOf(fleet.host(nameOf(1)))], whole.out).toEqual([0, RIGHT]);
    const points = Array.from({ length: writes }, (_, at) => [`before:${at + 1}`, `after:${at + 1}`]).flat();
    expect([writes > 12, points.length < HOSTS], String(writes)).toEqual([true, true]);

    const limit = pLimit(5);
    const found = await Promise.all(
      points.map((point, index) =>
        limit(async () => {
          const host = nameOf(index + 2);
          const killed = await run(host, { COPSE_KILL_AT: point });
          const { id, text } = journalOf(folder, host);
          const resumed = await (text === '' ? run(host, {}) : copse(host, ['resume', id]));
          const told = resumed.code === 0 ? '' : resumed.out;
          return { point, killed: killed.signal, code: resumed.code, told, state: stateOf(fleet.host(host)) };
        }),
      ),
    );

    const last = `after:${writes}`;
    for (const { point, ...one } of found) {
      // After the last write the run is over: there is nothing to resume, and resume says so.
      const code = point === last ? expect.any(Number) : 0;
      const told = point === last ? expect.any(String) : '';
      expect({ point, ...one }).toEqual({ point, killed: 'SIGKILL', code, told, state: RIGHT });
    }
  }, 900_000);
});
