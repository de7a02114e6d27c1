import { Command, Option } from 'commander';
import { z } from 'zod';
import { fault } from '../core/problem.ts';
import { readRequest, type RunRequestFile } from '../journal/request.ts';
import { runFolder, stateFolder } from '../journal/runs.ts';
import { EXIT } from './exit.ts';
import { withInterrupts } from './interrupt.ts';
import { inventorySources } from './inventory-sources.ts';
import { loadAll } from './load-all.ts';
import { withHostOptions, withTagOptions } from './options.ts';
import type { Action } from './action.ts';
import { beginRecord, digestOf, resumeRecord, type RunRecord } from './record.ts';
import { runLoaded, type LoadedOptions } from './run-loaded.ts';
import type { Terminal } from './streams.ts';
import { version } from './version.ts';

/** The command `copse run`. */
export function runCommand(act: (action: Action) => Promise<void>): Command {
  return withTagOptions(withHostOptions(new Command('run')))
    .description('run playbooks: ask each host, plan, apply, ask again')
    .argument('<playbook...>', 'YAML files with plays')
    .option('-C, --check', 'plan only: ask the hosts, change nothing, say what would change')
    .option('-D, --diff', 'show what changes as a diff')
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
    const inventory = await inventorySources(options.inventory, terminal);
    const frozen = { ...options, inventory };
    const loaded = await loadAll(files, frozen, terminal, signal);
    const digest = await digestOf(loaded.playbook.files, cwd);
    // Options are what commander made of words: JSON values only. Passwords are asked for, and never among them.
    const kept = z.record(z.string(), z.json()).parse(JSON.parse(JSON.stringify(frozen)));
    const request: RunRequestFile = { version: version(), cwd, playbooks: [...files], digest, options: kept };
    let run = '';
    const begin = async (env: Terminal['env']): Promise<RunRecord> => {
      const record = await beginRecord(env, request);
      run = record.folder.id;
      return record;
    };
    const status = await runLoaded(loaded, frozen, terminal, signal, begin);
    if (status === EXIT.interrupted) terminal.stderr.write(`go on with:  copse resume ${run}\n`);
    return status;
  });
}

interface ResumeOptions {
  readonly inDoubt: 'fail' | 'redo' | 'skip';
  readonly verbose: LoadedOptions['verbose'];
  readonly output?: 'live' | 'plain' | 'json';
  readonly askPass?: boolean;
  readonly askBecomePass?: boolean;
}

/** The command `copse resume`. */
export function resumeCommand(act: (action: Action) => Promise<void>): Command {
  return new Command('resume')
    .description('go on with a run that was interrupted: hosts are asked first, nothing is sent twice')
    .argument('<run>', 'the run, as copse runs lists it')
    .addOption(
      new Option(
        '--in-doubt <how>',
        'a command that was sent and whose outcome nobody knows: fail, run it again, or take it as done',
      )
        .choices(['fail', 'redo', 'skip'])
        .default('fail'),
    )
    .option('-k, --ask-pass', 'ask for the password to log in with')
    .option('-K, --ask-become-pass', 'ask for the password of sudo, su or doas')
    .option('-v, --verbose', 'tell more, as for copse run', (_: string, before: number) => Math.min(3, before + 1), 0)
    .addOption(new Option('--output <form>', 'live, plain or json').choices(['live', 'plain', 'json']))
    .action((id: string, options: ResumeOptions) => act((terminal) => resumeRun(id, options, terminal)));
}

/** Goes on with a run: the same playbook, inventory and options; what the journal knows is not done again. */
export function resumeRun(id: string, options: ResumeOptions, terminal: Terminal): Promise<number> {
  return withInterrupts(terminal, async (signal) => {
    const request = await readRequest(runFolder(stateFolder(terminal.env), id));
    const there: Terminal = { ...terminal, cwd: request.cwd };
    // Written by runPlaybooks from the same type; the strict schema of the file vouches for its shape.
    const { inDoubt, ...now } = options;
    const before = { ...(request.options as unknown as LoadedOptions), ...now };
    const loaded = await loadAll(request.playbooks, before, there, signal);
    if ((await digestOf(loaded.playbook.files, request.cwd)) !== request.digest) throw changed(id, request);
    const begin = (env: Terminal['env']): Promise<RunRecord> => resumeRecord(env, id, inDoubt);
    return runLoaded(loaded, before, there, signal, begin);
  });
}

function changed(id: string, request: RunRequestFile): Error {
  return fault({
    code: 'E_JOURNAL',
    message: `the playbook of run ${id} has changed since; going on would mix two playbooks`,
    hint: `start a new run: copse run ${request.playbooks.join(' ')}; state is read afresh, and only what is missing is done`,
  });
}
