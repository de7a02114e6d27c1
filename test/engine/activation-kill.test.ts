import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { join, resolve } from 'node:path';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFleet } from '../../src/sim/fleet.ts';
import { packagesOf } from '../../src/sim/model/deployment.ts';
import { bootedOf } from '../../src/sim/model/sysroot.ts';
import type { Fleet } from '../../src/sim/types.ts';
import { QUICK } from '../sim/client.ts';

const MAIN = process.env['COPSE_MAIN'] ?? resolve(import.meta.dirname, '../../dist/main.js');
const KILLER = resolve(import.meta.dirname, 'kill-at-write.mjs');
const HOSTS = 80;
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
  fleet = await startFleet({ hosts: HOSTS, timing: QUICK });
  folder = await mkdtemp(join(tmpdir(), 'copse-kill-'));
  await writeFile(join(folder, 'site.yaml'), PLAYBOOK);
});
afterAll(async () => {
  await fleet.stop();
  await rm(folder, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
}

function copse(
  host: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  began?: (child: ChildProcess) => void,
): Promise<Ended> {
  const child = spawn(process.execPath, ['--import', KILLER, MAIN, ...words, '--output', 'plain'], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, COPSE_STATE: join(folder, host), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  began?.(child);
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (out += text));
  return new Promise((done) => child.on('close', (code, signal) => done({ code, signal, out })));
}

const run = (host: string, env: Readonly<Record<string, string>>): Promise<Ended> =>
  copse(host, ['run', 'site.yaml', '-i', fleet.inventoryFile, '-l', host], env);

/** What the host was sent, and how it ended. */
function stateOf(name: string): unknown {
  const { counts, state, root } = fleet.host(name);
  const names = packagesOf(bootedOf(state.sysroot).origin).map((one) => one.name);
  return {
    reboots: counts.reboots,
    transactions: counts.transactions,
    tools: ['tmux', 'htop'].filter((tool) => names.includes(tool)),
    after: existsSync(join(root, 'var/lib/after')),
  };
}

const RIGHT = { reboots: 1, transactions: 2, tools: ['tmux', 'htop'], after: true };

describe('kill -9 at every write of the journal of a play that layers and reboots', () => {
  it('is made good by resume: the same end, nothing sent twice, no reboot added', async () => {
    const counter = join(folder, 'count');
    const whole = await run('edge01', { COPSE_KILL_COUNT: counter });
    const writes = Number(readFileSync(counter, 'utf8'));
    expect([whole.code, stateOf('edge01')], whole.out).toEqual([0, RIGHT]);
    const points = Array.from({ length: writes }, (_, at) => [`before:${at + 1}`, `after:${at + 1}`]).flat();
    expect([writes > 12, points.length < HOSTS]).toEqual([true, true]);

    const limit = pLimit(5);
    const found = await Promise.all(
      points.map((point, index) =>
        limit(async () => {
          const host = `edge${String(index + 2).padStart(2, '0')}`;
          const killed = await run(host, { COPSE_KILL_AT: point });
          const [id] = existsSync(join(folder, host, 'runs')) ? readdirSync(join(folder, host, 'runs')) : [];
          const begun = id !== undefined && readFileSync(join(folder, host, 'runs', id, 'journal'), 'utf8') !== '';
          const resumed = await (id !== undefined && begun ? copse(host, ['resume', id]) : run(host, {}));
          const told = resumed.code === 0 ? '' : resumed.out;
          return { point, killed: killed.signal, code: resumed.code, told, state: stateOf(host) };
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
  }, 400_000);
});

describe('a laptop that sleeps while the host reboots', () => {
  it('finds on waking that all is well, and sends nothing again', async () => {
    const host = 'edge80';
    const journal = (): string => {
      const runs = join(folder, host, 'runs');
      const [id] = existsSync(runs) ? readdirSync(runs) : [];
      const path = join(runs, id ?? '', 'journal');
      return id !== undefined && existsSync(path) ? readFileSync(path, 'utf8') : '';
    };
    let child: ChildProcess | undefined;
    const ended = copse(
      host,
      ['run', 'site.yaml', '-i', fleet.inventoryFile, '-l', host],
      {},
      (begun) => (child = begun),
    );
    await until(() => fleet.host(host).counts.reboots > 0);
    child?.kill('SIGSTOP');
    const asleep = journal();
    await until(() => fleet.host(host).state.boots > 0 && fleet.host(host).state.up);
    await delay(1500);
    child?.kill('SIGCONT');

    const { code, out } = await ended;
    expect([code, stateOf(host), asleep.includes('reboot-intent')], out).toEqual([0, RIGHT, true]);
  }, 60_000);
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(20);
}
