import { Command } from 'commander';
import { dirname, resolve } from 'node:path';
import { loadPlaybook } from '../playbook/load.ts';
import { readExtraVars } from './extra-vars.ts';
import { withInterrupts } from './interrupt.ts';
import { loadHosts } from './load-hosts.ts';
import { collectWords, withHostOptions } from './options.ts';
import type { Action } from './program.ts';
import { runLoaded, type LoadedOptions } from './run-loaded.ts';
import type { Terminal } from './streams.ts';

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
    .action((playbooks: readonly string[], options: LoadedOptions) =>
      act((terminal) => runPlaybooks(playbooks, options, terminal)),
    );
}

/** Loads, checks and runs playbooks; the exit status. Everything that can be wrong without a connection is found first. */
export function runPlaybooks(files: readonly string[], options: LoadedOptions, terminal: Terminal): Promise<number> {
  return withInterrupts(terminal, async (signal) => {
    const { cwd } = terminal;
    const extraVars = await readExtraVars(options.extraVars, cwd);
    const inventory = await loadHosts(options, terminal, signal, dirname(resolve(cwd, files[0] ?? '.')));
    const playbook = await loadPlaybook(files, { cwd, extraVars });
    return runLoaded({ playbook, inventory, extraVars }, options, terminal, signal);
  });
}
