import { createInterface } from 'node:readline';
import { Command, InvalidArgumentError } from 'commander';
import { problemsOf } from '../core/problem.ts';
import { renderProblems } from '../config/frame.ts';
import { idOf } from '../sim/model/deployment.ts';
import { bootedOf } from '../sim/model/sysroot.ts';
import { FAULTS, parseFault } from '../sim/faults.ts';
import { hostNames, startFleet } from '../sim/fleet.ts';
import type { Fleet, SimHost } from '../sim/types.ts';
import { EXIT } from './exit.ts';
import { withInterrupts } from './interrupt.ts';
import { collect } from './options.ts';
import type { Action } from './action.ts';
import { readFaults } from './sim-faults.ts';
import type { Terminal } from './streams.ts';

/** What `copse sim` was told. */
export interface SimOptions {
  readonly hosts: number;
  readonly faults: readonly string[];
  readonly seed: number;
  readonly user: string;
  readonly sudoPassword?: string;
  readonly pace: number;
}

/** The command `copse sim`. */
export function simCommand(act: (action: Action) => Promise<void>): Command {
  return new Command('sim')
    .description('keep a simulated fleet running on this machine, to rehearse a playbook against real SSH')
    .option('-n, --hosts <count>', 'how many hosts: edge01, edge02, and so on', whole, 12)
    .option('--faults <list>', 'what goes wrong, as edge03=boots-old,edge04=slow:200ms', collect, [])
    .option('--seed <number>', 'the same seed gives the same boot ids and delays', whole, 1)
    .option('-u, --user <name>', 'the user one logs in as', 'core')
    .option('--sudo-password <word>', 'what sudo asks for; without it sudo asks nothing')
    .option('--pace <factor>', 'how much slower transactions and reboots are: 10 comes near real hosts', factor, 1)
    .addHelpText('after', () => `\nFaults:\n${faultLines()}`)
    .action((options: SimOptions) => act((terminal) => runSim(options, terminal)));
}

/** Runs a fleet until Ctrl-C. Lines on standard input change faults meanwhile. */
export function runSim(options: SimOptions, terminal: Terminal): Promise<number> {
  return withInterrupts(terminal, async (signal) => {
    const faults = readFaults(options.faults, hostNames(options.hosts));
    const fleet = await startFleet({
      hosts: options.hosts,
      faults,
      seed: options.seed,
      user: options.user,
      pace: options.pace,
      ...(options.sudoPassword === undefined ? {} : { sudoPassword: options.sudoPassword }),
    });
    const lines = createInterface({ input: process.stdin });
    try {
      terminal.stdout.write(welcome(fleet, options));
      lines.on('line', (line) => terminal.stdout.write(obey(fleet, line)));
      await aborted(signal);
      return EXIT.ok;
    } finally {
      lines.close();
      await fleet.stop();
    }
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function welcome(fleet: Fleet, { sudoPassword }: SimOptions): string {
  const [first] = fleet.hosts;
  if (first === undefined) return '';
  const names = fleet.hosts.length === 1 ? first.name : `${first.name} to ${fleet.hosts.at(-1)?.name ?? ''}`;
  const ssh = `ssh -i ${fleet.keyFile} -o UserKnownHostsFile=${fleet.knownHostsFile} -p ${first.port} ${fleet.user}@${first.address}`;
  return `${many(fleet.hosts.length, 'simulated host')} up: ${names}, in the groups canary and edge. The inventory is
  ${fleet.inventoryFile}

In another terminal:
  copse facts all -i ${fleet.inventoryFile}
  copse run YOUR-PLAYBOOK.yaml -i ${fleet.inventoryFile}${sudoPassword === undefined ? '' : ' -K'}
  ${ssh}

Here: "${first.name} boots-old" lets something go wrong, "${first.name} ok" ends it, "status" and "faults" tell more. Ctrl-C ends the fleet.
`;
}

/** One line a person typed: `HOST FAULT`, `HOST ok`, `status`, `faults`. */
export function obey(fleet: Fleet, line: string): string {
  const [first = '', ...rest] = line.trim().split(/\s+/);
  if (first === '') return '';
  if (first === 'status') return `${fleet.hosts.map(statusLine).join('\n')}\n`;
  if (first === 'faults') return faultLines();
  const host = fleet.hosts.find(({ name }) => name === first);
  if (host === undefined) return `there is no host "${first}"; type "HOST FAULT", "HOST ok", "status" or "faults"\n`;
  if (rest.length === 0) return `${statusLine(host)}\n`;
  if (rest[0] === 'ok') {
    host.clear();
    return `${host.name}: nothing goes wrong any more\n`;
  }
  try {
    const fault = parseFault(rest.join(':'));
    host.inject(fault);
    return `${host.name}: ${FAULTS[fault.fault]}\n`;
  } catch (error) {
    return `${renderProblems(problemsOf(error))}\n`;
  }
}

function statusLine(host: SimHost): string {
  const { state, counts, faults } = host;
  const booted = bootedOf(state.sysroot);
  const next = state.sysroot.deployments[0];
  const parts = [
    state.up ? 'up' : 'down',
    `${booted.origin.version} ${booted.checksum.slice(0, 10)}${listed(' +', booted.origin.requested)}`,
    ...(next === undefined || idOf(next) === idOf(booted) ? [] : [`next ${next.checksum.slice(0, 10)}`]),
    ...(state.transaction === undefined ? [] : [`busy: ${state.transaction.title.trim()}`]),
    [many(counts.reboots, 'reboot'), many(counts.connections, 'connection'), many(counts.commands, 'command')].join(
      ', ',
    ),
    ...faults.map(({ fault }) => `fault ${fault}`),
  ];
  return `${host.name}  ${parts.join('  ')}`;
}

function many(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function listed(before: string, words: readonly string[]): string {
  return words.length === 0 ? '' : `${before}${words.join(',')}`;
}

function faultLines(): string {
  const width = Math.max(...Object.keys(FAULTS).map((name) => name.length));
  return Object.entries(FAULTS)
    .map(([name, what]) => `  ${name.padEnd(width)}  ${what}\n`)
    .join('');
}

function whole(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('expected a whole number from 1 to 9999');
  return Number(text);
}

function factor(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1000)) throw new InvalidArgumentError('expected a number such as 0.5 or 10');
  return value;
}
