import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { startFleet } from '../src/sim/fleet.ts';
import { measure, table } from './measure.ts';

const HOSTS = Number(process.env['HOSTS'] ?? 1000);

const PLAYBOOK = `
- hosts: all
  become: true
  tasks:
    - file: {path: /etc/app, state: directory, mode: "0755"}
    - copy: {dest: /etc/app/name, content: "\${{ host.name }} \${{ facts.ostree.booted.version }}\\n", mode: "0644"}
    - assert: {that: [facts.os.image_based]}
`;

it(`${HOSTS} simulated hosts from one process, three times over`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'copse-bench-'));
  const fleet = await startFleet({ hosts: HOSTS });
  try {
    writeFileSync(join(folder, 'site.yaml'), PLAYBOOK);
    const thrice = resolve(import.meta.dirname, 'thrice.mjs');
    const words = ['--expose-gc', thrice, 'run', 'site.yaml', '-i', fleet.inventoryFile];
    const started = performance.now();
    const { out, peakMiB } = await measure(process.execPath, words, {
      cwd: folder,
      env: { ...process.env, COPSE_STATE: join(folder, 'state') },
    });
    const rounds = out
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, number>);
    expect(
      rounds.map(({ status }) => status),
      out.slice(-2000),
    ).toEqual([0, 0, 0]);
    let before = 0;
    const rows = rounds.map(({ round = 0, heapMiB = 0, rssMiB = 0, cpuS = 0 }) => {
      const cpu = cpuS - before;
      before = cpuS;
      return [`round ${round}`, cpu, (cpu / HOSTS) * 1000, heapMiB, rssMiB];
    });
    console.log(`\n${table(['run', 'cpu s', 'cpu ms/host', 'heap after, MiB', 'rss after, MiB'], rows)}`);
    console.log(
      `peak ${peakMiB.toFixed(0)} MiB, ${((peakMiB * 1024) / HOSTS).toFixed(0)} KiB a host; three rounds in ${((performance.now() - started) / 1000).toFixed(0)} s\n`,
    );
  } finally {
    await fleet.stop();
    rmSync(folder, { recursive: true });
  }
});
