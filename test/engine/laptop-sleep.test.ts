import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFleet } from '../../src/sim/fleet.ts';
import type { Fault } from '../../src/sim/faults.ts';
import type { Fleet, SimHost } from '../../src/sim/types.ts';
import { QUICK } from '../sim/client.ts';
import { journalOf, runCopse, stateOf, type Ended } from './copse-process.ts';

const PLAYBOOK = `- hosts: all
  become: true
  tasks:
    - {name: before, command: {argv: [sleep, "0.3"]}}
    - name: tools
      rpm_ostree:
        packages: [tmux]
        reboot_timeout: 2m
        busy_timeout: 5m
        health: {min_healthy_time: 1s, interval: 200ms, deadline: 5m}
    - {name: after, file: {path: /var/lib/after, state: directory}}
`;

interface Moment {
  readonly name: string;
  readonly fault?: Fault;
  /** The lid is closed when this holds. */
  readonly when: (host: SimHost, journal: string) => boolean;
  /** The hour is over when this holds: what the host did meanwhile. */
  readonly until: (host: SimHost) => boolean;
  /** Transactions of the host, also of others. */
  readonly transactions?: number;
}

const isCalm = (host: SimHost): boolean => host.state.up && host.state.transaction === undefined;
const hasBooted = (host: SimHost): boolean => host.state.up && host.state.boots > 0;
const steps = (journal: string): number => journal.split('"step-end"').length - 1;

const MOMENTS: readonly Moment[] = [
  { name: 'while it connects', when: (host) => host.counts.connections > 0, until: isCalm },
  { name: 'in a short command', when: (_host, journal) => journal.includes('"step-start"'), until: isCalm },
  { name: 'in the transaction', when: (host) => host.state.transaction !== undefined, until: isCalm },
  {
    name: 'while somebody else is waited for',
    fault: { fault: 'busy', ms: 12_000 },
    when: (_host, journal) => journal.includes('"do":"transaction"'),
    until: isCalm,
    transactions: 2,
  },
  {
    name: 'between the transaction and the reboot',
    when: (_host, journal) => journal.includes('"reboot-intent"'),
    until: isCalm,
  },
  { name: 'when the reboot was sent', when: (host) => host.counts.reboots > 0, until: hasBooted },
  { name: 'while the host is away', when: (host) => !host.state.up, until: hasBooted },
  {
    name: 'while its health is watched',
    when: (host, journal) => hasBooted(host) && host.counts.logins > 1 && journal.includes('"reboot-intent"'),
    until: hasBooted,
  },
  { name: 'right after the proof', when: (_host, journal) => steps(journal) > 4, until: hasBooted },
];

const KINDS = ['running', 'suspended'] as const;
const ROWS = MOMENTS.flatMap((moment) => KINDS.map((kind) => [moment.name, kind, moment] as const));

let fleet: Fleet;
let folder: string;
beforeAll(async () => {
  const hosts = ROWS.map((_row, at) => ({ name: `edge${at + 1}`, driver: 'zincati' as const }));
  fleet = await startFleet({ hosts, timing: { ...QUICK, transaction: 600, down: 500 } });
  folder = await mkdtemp(join(tmpdir(), 'copse-sleep-'));
  await writeFile(join(folder, 'site.yaml'), PLAYBOOK);
});
afterAll(async () => {
  await fleet.stop();
  await rm(folder, { recursive: true });
});

describe('a laptop that sleeps for an hour in the middle of a play that layers and reboots', () => {
  it.each(ROWS.map(([name, kind, moment], at) => [name, kind, moment, at] as const))(
    '%s (%s): ends right, or resume does; nothing is sent twice, and no reboot is added',
    async (_name, kind, moment, at) => {
      const host = fleet.hosts[at]!;
      const { slept, ended } = await sleepThrough(host, kind, moment);
      const resumed =
        ended.code === 0
          ? ended
          : await runCopse({
              folder,
              host: host.name,
              words: ['resume', journalOf(folder, host.name).id],
              hook: 'sleep-an-hour.mjs',
            });

      const told = ended === resumed ? ended.out : `${ended.out}\n${resumed.out}`;
      const hour = /\b1h\d\dm\b/.test(ended.out);
      expect({ slept, hour, code: resumed.code, state: stateOf(host) }, told).toEqual({
        slept: true,
        // Of a suspended laptop only the time of day jumps, which no duration is taken from.
        hour: kind === 'running',
        code: 0,
        state: {
          reboots: 1,
          transactions: moment.transactions ?? 1,
          tools: ['tmux'],
          after: true,
          updater: 'active',
          held: false,
        },
      });
    },
    120_000,
  );
});

/** Stops copse at the moment, lets its connections die and the host go on, and wakes it an hour later. */
async function sleepThrough(
  host: SimHost,
  kind: string,
  { fault, when, until: isOver }: Moment,
): Promise<{ readonly slept: boolean; readonly ended: Ended }> {
  if (fault !== undefined) host.inject(fault);
  let child: ChildProcess | undefined;
  const ending = runCopse({
    folder,
    host: host.name,
    words: ['run', 'site.yaml', '-i', fleet.inventoryFile, '-l', host.name],
    hook: 'sleep-an-hour.mjs',
    env: { COPSE_SLEEP: kind },
    began: (begun) => (child = begun),
  });
  const slept = await until(() => when(host, journalOf(folder, host.name).text), ending);
  if (slept) child?.kill('SIGSTOP');
  host.inject({ fault: 'refuse' });
  await delay(50);
  host.clear('refuse');
  if (slept) await until(() => isOver(host));
  await delay(300);
  child?.kill('SIGCONT');
  return { slept, ended: await ending };
}

/** Waits for something, or for copse to end before it; true when it came. */
async function until(holds: () => boolean, ending?: Promise<unknown>): Promise<boolean> {
  const ended = { yet: false };
  void ending?.then(() => (ended.yet = true));
  while (!ended.yet && !holds()) await delay(3);
  return !ended.yet;
}
