import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { Listr } from 'listr2';
import { showDuration } from '../core/units.ts';
import { createPaint, wantsColour } from '../report/paint.ts';
import { startFleet } from '../sim/fleet.ts';
import { bootedOf } from '../sim/model/sysroot.ts';
import type { Fleet, SimHost } from '../sim/types.ts';
import { EXIT } from './exit.ts';
import { withInterrupts } from './interrupt.ts';
import { loadAll } from './load-all.ts';
import type { Action } from './action.ts';
import { runLoaded, type LoadedOptions } from './run-loaded.ts';
import type { Terminal } from './streams.ts';

const HOSTS = 12;
/** Its /boot is full: the new deployment is lost at shutdown, and it boots the old one. */
const FAULTY = 'edge07';
const PLAYBOOK = fileURLToPath(new URL('../../playbooks/demo.yaml', import.meta.url));

/** What `copse demo` was told. */
export interface DemoOptions {
  readonly output?: 'live' | 'plain' | 'json';
}

/** The command `copse demo`. */
export function demoCommand(act: (action: Action) => Promise<void>): Command {
  return new Command('demo')
    .description('watch a playbook layer, reboot and prove a simulated fleet on this machine; takes half a minute')
    .addOption(
      new Option('--output <form>', 'how to tell it; live on a terminal, plain elsewhere').choices([
        'live',
        'plain',
        'json',
      ]),
    )
    .action((options: DemoOptions) => act((terminal) => runDemo(options, terminal)));
}

/** Runs the demonstration; 0 when everything happened as staged. */
export function runDemo(options: DemoOptions, terminal: Terminal): Promise<number> {
  return withInterrupts(terminal, async (signal) => {
    const started = performance.now();
    const fleet = await prepare(terminal);
    try {
      const run = runner(fleet, options, terminal, signal);
      const say = createTeller(options, terminal);
      say(FIRST_ACT);
      const first = await run();
      if (signal.aborted) return EXIT.interrupted;
      const lost = unexpected(fleet, first, EXIT.hostFailed, [FAULTY]);
      say(SECOND_ACT);
      fleet.host(FAULTY).clear();
      const second = await run();
      if (signal.aborted) return EXIT.interrupted;
      const wrong = [...lost, ...unexpected(fleet, second, EXIT.ok, [])];
      say(wrong.length === 0 ? epilogue(fleet, performance.now() - started) : ['Not as staged:', ...wrong]);
      return wrong.length === 0 ? EXIT.ok : EXIT.bug;
    } finally {
      await fleet.stop();
    }
  });
}

/** Starts the fleet while a person watches; the only phases short and local enough for a list of tasks. */
async function prepare(terminal: Terminal): Promise<Fleet> {
  const started: { fleet?: Fleet } = {};
  const list = new Listr(
    [
      {
        title: `start ${HOSTS} simulated hosts, each an SSH server on this machine`,
        task: async () => {
          started.fleet = await startFleet({
            hosts: HOSTS,
            faults: { [FAULTY]: [{ fault: 'boots-old', cause: 'no-space' }] },
          });
        },
      },
      {
        title: 'write their inventory, host keys and a login key',
        task: (_context, task) => {
          task.title += `: ${started.fleet?.inventoryFile ?? ''}`;
        },
      },
    ],
    { silentRendererCondition: () => terminal.stdout.isTTY !== true },
  );
  await list.run();
  if (started.fleet === undefined) throw new Error('the fleet did not start');
  return started.fleet;
}

/** The ordinary way of `copse run`, with nothing of the person's own configuration and nothing left behind. */
function runner(fleet: Fleet, options: DemoOptions, terminal: Terminal, signal: AbortSignal): () => Promise<number> {
  const { folder, inventoryFile } = fleet;
  const env = { ...terminal.env, HOME: folder, XDG_STATE_HOME: folder, SSH_AUTH_SOCK: undefined };
  const own: Terminal = { ...terminal, env };
  const runOptions: LoadedOptions = {
    inventory: [inventoryFile],
    forks: 50,
    extraVars: [],
    verbose: 0,
    tags: [],
    skipTags: [],
    ...(options.output === undefined ? {} : { output: options.output }),
  };
  return async () => {
    return runLoaded(await loadAll([PLAYBOOK], runOptions, own, signal), runOptions, own, signal);
  };
}

/** What is not as staged: the status, who runs the tools now, and that nobody was rebooted twice for nothing. */
function unexpected(fleet: Fleet, status: number, wanted: number, without: readonly string[]): readonly string[] {
  const wrong = status === wanted ? [] : [`the run ended with status ${status}, not ${wanted}`];
  for (const host of fleet.hosts) {
    const has = runsTools(host);
    if (has === without.includes(host.name)) wrong.push(`${host.name} ${has ? 'runs' : 'does not run'} the tools`);
    const reboots = host.name === FAULTY && without.length === 0 ? 2 : 1;
    if (host.counts.reboots !== reboots) wrong.push(`${host.name} was rebooted ${host.counts.reboots} times`);
  }
  return wrong;
}

function runsTools(host: SimHost): boolean {
  return bootedOf(host.state.sysroot).origin.requested.includes('tmux');
}

const FIRST_ACT = [
  'First act: tmux and htop on every host',
  `Two hosts go first, then the other ${HOSTS - 2}. Each layers the packages, reboots once, and proves that it runs what it was given.`,
];

const SECOND_ACT = [
  `Second act: ${FAULTY} again`,
  `${FAULTY} failed on purpose: its /boot is full, so the new deployment was lost while it shut down, and it booted the old one.`,
  'The operator has made room there and runs the same playbook again, on all hosts. What is done already is only asked about.',
];

function epilogue(fleet: Fleet, ms: number): readonly string[] {
  const sum = (count: (host: SimHost) => number): number => fleet.hosts.reduce((all, host) => all + count(host), 0);
  const reboots = sum(({ counts }) => counts.reboots);
  const transactions = sum(({ counts }) => counts.transactions);
  return [
    'What you saw',
    `${fleet.hosts.length} simulated hosts, real shells over real SSH, ${showDuration(ms)}. The hosts themselves counted ${transactions} transactions and ${reboots} reboots:`,
    `one for each host, and one more for ${FAULTY}, which had lost the first. The second act changed nothing on the others.`,
    `The playbook is ${PLAYBOOK}; nothing in it knows that the hosts were simulated.`,
    '',
    'Next:',
    '  copse sim --hosts 50                        keep a fleet running, and rehearse your own playbook on it',
    '  copse facts all -i "HOST," -u USER          what copse sees of a host of yours; it only asks',
    '  copse run playbooks/demo.yaml -i INVENTORY --check --diff     what it would change; needs a group "edge"',
  ];
}

/** Prints a heading and what belongs to it, beside JSON lines on the other output. */
function createTeller(options: DemoOptions, terminal: Terminal): (lines: readonly string[]) => void {
  const output = options.output === 'json' ? terminal.stderr : terminal.stdout;
  const paint = createPaint(wantsColour(output.isTTY === true, terminal.env));
  return ([heading = '', ...lines]) => output.write(`\n${paint.bold(heading)}\n${lines.join('\n')}\n\n`);
}
