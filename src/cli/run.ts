import { Command } from 'commander';
import { dirname, resolve } from 'node:path';
import { systemClock } from '../core/clock.ts';
import { throwIfAny } from '../core/problem.ts';
import type { Recap } from '../core/events.ts';
import type { Vars } from '../core/value.ts';
import { runPlaybook } from '../engine/run.ts';
import type { EngineDeps, RunOptions } from '../engine/types.ts';
import { loadInventory } from '../inventory/load.ts';
import type { Inventory } from '../inventory/types.ts';
import { openJournal } from '../journal/append.ts';
import { createRunFolder, newRunId, releaseLease, stateFolder, takeLease } from '../journal/runs.ts';
import { findModule } from '../modules/index.ts';
import { checkPlaybook } from '../playbook/check.ts';
import { loadPlaybook } from '../playbook/load.ts';
import type { Playbook } from '../playbook/types.ts';
import { createSecrets } from '../session/secrets.ts';
import { EXIT } from './exit.ts';
import { readExtraVars } from './extra-vars.ts';
import { listenForInterrupts } from './interrupt.ts';
import { inventorySources } from './inventory-sources.ts';
import { collectWords, withHostOptions, type HostOptions } from './options.ts';
import { createPrompter } from './prompt.ts';
import { askPrompts, askStep } from './questions.ts';
import type { Action } from './program.ts';
import { createReporting } from './reporting.ts';
import type { Terminal } from './streams.ts';
import { version } from './version.ts';
import { askLogin, readLocalFile, sessionOpener, specOf } from './wire.ts';

/** What `copse run` was told. */
export interface RunCommandOptions extends HostOptions {
  readonly check?: boolean;
  readonly diff?: boolean;
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  readonly startAtTask?: string;
  readonly step?: boolean;
  readonly detailedExitcode?: boolean;
}

/** The command `copse run`. */
export function runCommand(act: (action: Action) => Promise<void>): Command {
  return withHostOptions(new Command('run'))
    .description('run playbooks: ask each host, plan, apply, ask again')
    .argument('<playbook...>', 'YAML files with plays')
    .option('-C, --check', 'plan only: ask the hosts, change nothing, say what would change')
    .option('-D, --diff', 'show what changes as a diff')
    .option('-t, --tags <tags>', 'only tasks with one of these tags', collectWords, [])
    .option('--skip-tags <tags>', 'no task with one of these tags', collectWords, [])
    .option('--start-at-task <name>', 'begin with the task of this name')
    .option('--step', 'ask before each task')
    .option('--detailed-exitcode', 'exit 10 instead of 0 when something changed')
    .action((playbooks: readonly string[], options: RunCommandOptions) =>
      act((terminal) => runPlaybooks(playbooks, options, terminal)),
    );
}

/** Loads, checks and runs playbooks; the exit status. Everything that can be wrong without a connection is found first. */
export async function runPlaybooks(
  playbooks: readonly string[],
  options: RunCommandOptions,
  terminal: Terminal,
): Promise<number> {
  const interrupts = listenForInterrupts((text) => terminal.stderr.write(`\n${text}\n`));
  try {
    const loaded = await load(playbooks, options, terminal, interrupts.signal);
    return await execute(loaded, options, terminal, interrupts.signal);
  } finally {
    interrupts.dispose();
  }
}

interface Loaded {
  readonly playbook: Playbook;
  readonly inventory: Inventory;
  readonly extraVars: Vars;
}

async function load(
  files: readonly string[],
  options: RunCommandOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Loaded> {
  const { cwd } = terminal;
  const extraVars = await readExtraVars(options.extraVars, cwd);
  const sources = await inventorySources(options.inventory, terminal);
  const playbookDir = dirname(resolve(cwd, files[0] ?? '.'));
  const inventory = await loadInventory(sources, { cwd, playbookDir, signal });
  const playbook = await loadPlaybook(files, { cwd, extraVars, findModule });
  const { limit, tags, skipTags } = options;
  throwIfAny(await checkPlaybook(playbook, inventory, { limit, tags, skipTags, extraVars }));
  return { playbook, inventory, extraVars };
}

async function execute(
  loaded: Loaded,
  options: RunCommandOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const secrets = createSecrets();
  const folder = await createRunFolder(stateFolder(terminal.env), newRunId(new Date(), Math.random));
  const lease = await takeLease(folder);
  const journal = await openJournal({ path: folder.journal, epoch: lease.epoch, now: Date.now });
  const reporting = createReporting({
    terminal,
    output: options.output,
    verbosity: options.verbose,
    essential: [journal],
    mask: (text) => secrets.mask(text),
  });
  const prompter = createPrompter(terminal, reporting.pause);
  try {
    const login = await askLogin(options, prompter, secrets);
    const deps: EngineDeps = {
      openSession: sessionOpener({ login, prompter, secrets, terminal }),
      specOf: (host) => specOf(host, login),
      emit: reporting.hub.emit,
      signal,
      clock: systemClock,
      readFile: readLocalFile,
      prompted: await askPrompts(loaded.playbook, loaded.extraVars, prompter, secrets),
      ...(options.step === true ? { confirm: (task: string) => askStep(task, prompter) } : {}),
    };
    const result = await runPlaybook({ ...loaded, options: engineOptions(options, loaded, folder.id) }, deps);
    return statusOf(result.status, result.recap, options);
  } finally {
    await reporting.hub.close();
    await releaseLease(folder, lease);
    for (const { name, error } of reporting.hub.broken()) {
      terminal.stderr.write(`the ${name} reporter failed and was left out: ${String(error)}\n`);
    }
  }
}

function engineOptions(options: RunCommandOptions, loaded: Loaded, run: string): RunOptions {
  return {
    run,
    version: version(),
    check: options.check === true,
    diff: options.diff === true,
    limit: options.limit,
    tags: options.tags,
    skipTags: options.skipTags,
    forks: options.forks,
    extraVars: loaded.extraVars,
    startAtTask: options.startAtTask,
  };
}

function statusOf(status: number, recap: readonly Recap[], options: RunCommandOptions): number {
  const changed = recap.some((host) => host.status === 'changed');
  return status === EXIT.ok && changed && options.detailedExitcode === true ? EXIT.changed : status;
}
