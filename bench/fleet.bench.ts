import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { startSshdFleet, twentyTasks } from '../test/support/sshd-fleet.ts';
import { measure, table } from './measure.ts';

const HOSTS = Number(process.env['HOSTS'] ?? 100);

it(`20 tasks on ${HOSTS} addresses of real sshds`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'copse-bench-'));
  const fleet = await startSshdFleet(HOSTS, folder);
  try {
    writeFileSync(join(folder, 'site.yaml'), twentyTasks(join(folder, 'root')));
    const main = resolve(import.meta.dirname, '../dist/main.js');
    const rows: (string | number)[][] = [];
    for (const title of [
      'first run, all changes',
      'second run, nothing to do',
      'third run, nothing to do',
      '--check',
    ]) {
      const words = [main, 'run', 'site.yaml', '-i', fleet.inventory, ...(title === '--check' ? ['--check'] : [])];
      const env = { ...process.env, COPSE_STATE: join(folder, 'state') };
      fleet.counts();
      const { status, wallS, cpuS, peakMiB, out } = await measure(process.execPath, words, { cwd: folder, env });
      expect(status, out).toBe(0);
      const { connections, channels } = fleet.counts();
      rows.push([
        title,
        wallS,
        cpuS,
        peakMiB,
        (wallS / HOSTS) * 1000,
        (cpuS / HOSTS) * 1000,
        connections / HOSTS,
        channels / HOSTS,
      ]);
    }
    const head = [
      'run',
      'wall s',
      'cpu s',
      'peak MiB',
      'wall ms/host',
      'cpu ms/host',
      'connections/host',
      'channels/host',
    ];
    console.log(`\n${table(head, rows)}\n`);
  } finally {
    await fleet.stop();
    rmSync(folder, { recursive: true });
  }
});
