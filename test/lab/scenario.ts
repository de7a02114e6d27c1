import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject, test } from 'vitest';
import { faults, type FaultName } from '../../lab/faults.ts';
import { writeInventory } from '../../lab/inventory.ts';
import { createMachine, removeMachine, type Machine } from '../../lab/machine.ts';
import { boots, lastWords, onMachine } from '../../lab/reach.ts';
import { until } from '../../lab/shell.ts';
import type { Facts } from '../../src/core/facts.ts';
import { copseJson, runOf, startCopse, type CopseEnd, type CopseRun } from './copse.ts';

/** What a scenario wants: fresh machines, and a line for the table. */
export interface ScenarioOptions {
  /** What it proves, in a few words. */
  readonly proves: string;
  /** How many machines; 1 when absent. */
  readonly machines?: number;
  /** Sizes of empty data disks of each machine. */
  readonly disks?: readonly string[];
  /** cloud-init user data: the machines boot cold. */
  readonly userData?: string;
}

/** What a scenario works with. */
export interface Lab {
  readonly machines: readonly [Machine, ...Machine[]];
  /** An empty folder, gone afterwards. */
  readonly folder: string;
  /** Runs shell text on a machine as root, past copse; its output. Any other status than 0 is an error. */
  readonly sh: (machine: Machine, text: string) => Promise<string>;
  /** Does something bad to a machine; see lab/faults.ts. */
  readonly fault: (machine: Machine, kind: FaultName, value?: string) => Promise<void>;
  /** What `copse facts` tells of the first machine. */
  readonly facts: (user?: string) => Promise<Facts>;
  /** Runs a playbook with the built copse, as a user would; waits for its end. */
  readonly play: (playbook: string, options?: PlayOptions) => Promise<CopseEnd>;
  /** The same without waiting, to do something while it runs. */
  readonly startPlay: (playbook: string, options?: PlayOptions) => Promise<CopseRun>;
  /** Goes on with a run that was killed. */
  readonly resume: (killed: CopseEnd) => CopseRun;
}

/** How copse is started. */
export interface PlayOptions {
  /** Who logs in: root, admin (sudo without a password) or ops (sudo with one). */
  readonly user?: string;
  /** More words of the command line. */
  readonly words?: readonly string[];
}

/** A row of the table: a test on fresh machines of its own, which are gone when it ends. */
export function scenario(title: string, options: ScenarioOptions, work: (lab: Lab) => Promise<void>): void {
  test(title, async ({ task }) => {
    task.meta.proves = options.proves;
    const folder = await mkdtemp(join(tmpdir(), 'copse-lab-'));
    const made: Machine[] = [];
    try {
      for (let number = 1; number <= (options.machines ?? 1); number += 1) made.push(await freshMachine(options));
      const [first, ...others] = made;
      if (first !== undefined) await work(labOf([first, ...others], folder));
    } catch (error) {
      throw await withLastWords(error, made);
    } finally {
      task.meta.reboots = (await Promise.all(made.map(boots))).reduce((sum, count) => sum + count, 0);
      if (process.env['COPSE_LAB_KEEP'] === undefined) await Promise.all(made.map(removeMachine));
      await rm(folder, { recursive: true, force: true });
    }
  });
}

/** The error with what the machines said last: when one never comes up, that is all there is. */
async function withLastWords(thrown: unknown, made: readonly Machine[]): Promise<unknown> {
  if (!(thrown instanceof Error)) return thrown;
  const words = await Promise.all(made.map(lastWords));
  thrown.message = [thrown.message, ...words].join('\n\n');
  return thrown;
}

let made = 0;

function freshMachine({ disks, userData }: ScenarioOptions): Promise<Machine> {
  made += 1;
  const name = `${inject('prefix')}${process.pid}-${made}`;
  const more = { ...(disks === undefined ? {} : { disks }), ...(userData === undefined ? {} : { userData }) };
  return createMachine({ name, image: inject('image'), httpPort: inject('httpPort'), ...more });
}

function labOf(machines: readonly [Machine, ...Machine[]], folder: string): Lab {
  const startPlay = async (playbook: string, options: PlayOptions = {}): Promise<CopseRun> => {
    const { inventory } = await writeInventory(folder, machines, options.user);
    const file = join(folder, 'play.yml');
    await writeFile(file, playbook);
    return startCopse(['run', file, '-i', inventory, ...(options.words ?? [])], folder);
  };
  return {
    machines,
    folder,
    async sh(machine, text) {
      const { code, stdout, stderr } = await onMachine(machine, text);
      if (code !== 0) throw new Error(`${text}\nended with ${code} on ${machine.name}:\n${stdout}${stderr}`);
      return stdout.trim();
    },
    async fault(machine, kind, value) {
      await faults[kind].does(machine, value);
    },
    async facts(user) {
      const { inventory } = await writeInventory(folder, machines.slice(0, 1), user);
      return (await copseJson(['facts', 'lab', '-i', inventory], folder)) as Facts;
    },
    startPlay,
    play: async (playbook, options) => (await startPlay(playbook, options)).ended,
    resume: (killed) => startCopse(['resume', runOf(killed)], folder),
  };
}

/** What matters here of `rpm-ostree status --json`. */
export interface RpmOstreeStatus {
  readonly deployments: readonly Readonly<Record<string, unknown>>[];
  readonly transaction: readonly string[] | null;
}

/** The deployments of a machine, asked past copse. */
export async function rpmOstreeStatus(machine: Machine): Promise<RpmOstreeStatus> {
  const { code, stdout, stderr } = await onMachine(machine, 'rpm-ostree status --json');
  if (code !== 0) throw new Error(`${machine.name} does not tell its deployments: ${stderr}`);
  return JSON.parse(stdout) as RpmOstreeStatus;
}

/** Waits until a transaction of rpm-ostree runs on a machine. */
export async function transactionRuns(machine: Machine): Promise<void> {
  await until('rpm-ostree is at work', 600_000, async () =>
    (await rpmOstreeStatus(machine)).transaction === null ? undefined : true,
  );
}

/** How many transactions of each kind copse began on a machine, over all its boots; finalizations of anybody count. */
export async function copseTransactions(machine: Machine): Promise<Readonly<Record<string, number>>> {
  const { stdout } = await onMachine(
    machine,
    `journalctl -u rpm-ostreed -o cat | sed -n \
      's/^Initiated txn \\(FinalizeDeployment\\) for .*/\\1/p; s/^Initiated txn \\([A-Za-z]*\\) for client(id:copse.*/\\1/p'`,
  );
  const kinds = stdout.split('\n').filter((line) => line !== '');
  return Object.fromEntries([...new Set(kinds)].map((kind) => [kind, kinds.filter((one) => one === kind).length]));
}
