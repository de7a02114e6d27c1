import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copse } from '../support/cli.ts';
import { startSshdFleet, twentyTasks, type SshdFleet } from '../support/sshd-fleet.ts';
import { NO_SSHD } from '../support/sshd.ts';

const HOSTS = 100;

/** Every file below a folder with when it was last changed, in nanoseconds. */
function snapshot(root: string): readonly string[] {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  return names.map((name) => {
    const { ctimeNs, mode } = statSync(join(root, name), { bigint: true });
    return `${name} ${mode} ${ctimeNs}`;
  });
}

describe.skipIf(NO_SSHD)('the same playbook on a hundred addresses of real sshds', () => {
  let folder = '';
  let fleet: SshdFleet;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'copse-fleet-'));
    fleet = await startSshdFleet(HOSTS, folder);
    writeFileSync(join(folder, 'site.yaml'), twentyTasks(join(folder, 'root')));
  }, 60_000);
  afterAll(async () => {
    await fleet.stop();
    rmSync(folder, { recursive: true });
  });

  it('changes every host once; the second run says ok everywhere, writes nothing, and costs one connection and two channels a host', async () => {
    const run = (): ReturnType<typeof copse> => copse(['run', 'site.yaml', '-i', fleet.inventory], { cwd: folder });

    const first = await run();
    const made = snapshot(join(folder, 'root'));
    fleet.counts();
    const second = await run();

    expect([first.status, first.err]).toEqual([0, '']);
    expect(first.out).toContain(`${HOSTS} hosts: ${HOSTS} changed`);
    expect(made.length).toBe(HOSTS * 20 - HOSTS);
    expect([second.status, second.err]).toEqual([0, '']);
    expect(second.out).toContain(`${HOSTS} hosts: ${HOSTS} ok`);
    expect(snapshot(join(folder, 'root'))).toEqual(made);
    const { connections, channels } = fleet.counts();
    expect(connections).toBe(HOSTS);
    expect(channels).toBeLessThanOrEqual(2 * HOSTS);
  }, 240_000);
});
