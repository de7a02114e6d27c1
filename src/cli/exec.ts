import { Argument, Command } from 'commander';
import { didYouMean } from '../core/nearest.ts';
import { parseSource } from '../config/source.ts';
import { fault, throwIfAny } from '../core/problem.ts';
import { findModule, modules } from '../modules/index.ts';
import { loadPlaybookText } from '../playbook/load.ts';
import { readExtraVars } from './extra-vars.ts';
import { withHostOptions, type HostOptions } from './options.ts';
import type { Action } from './action.ts';
import { runLoaded } from './run-loaded.ts';
import { withInterrupts } from './interrupt.ts';
import { checkLoaded } from './load-all.ts';
import { loadHosts } from './load-hosts.ts';
import type { Terminal } from './streams.ts';

interface ExecOptions extends HostOptions {
  readonly module?: string;
  readonly args?: string;
  readonly become?: boolean;
  readonly becomeUser?: string;
  readonly check?: boolean;
  readonly diff?: boolean;
}

/** The command `copse exec`. */
export function execCommand(act: (action: Action) => Promise<void>): Command {
  return withHostOptions(new Command('exec'))
    .description('one command or one module on many hosts, without a playbook')
    .addArgument(new Argument('<pattern>', 'hosts, as in a play'))
    .addArgument(
      new Argument('[words...]', 'after --: the command with its words, taken exactly as they are; no shell'),
    )
    .option('-m, --module <name>', 'this module instead of a command')
    .option('-a, --args <mapping>', 'arguments of the module: a YAML mapping, or its free form')
    .option('-b, --become', 'become root (or --become-user)')
    .option('--become-user <name>', 'become this user')
    .option('-C, --check', 'plan only: change nothing')
    .option('-D, --diff', 'show what changes as a diff')
    .action((pattern: string, words: readonly string[], options: ExecOptions) =>
      act((terminal) => execute(pattern, words, options, terminal)),
    );
}

function execute(pattern: string, words: readonly string[], options: ExecOptions, terminal: Terminal): Promise<number> {
  return withInterrupts(terminal, async (signal) => {
    const { cwd } = terminal;
    const extraVars = await readExtraVars(options.extraVars, cwd);
    const inventory = await loadHosts(options, terminal, signal);
    const text = JSON.stringify([playOf(pattern, words, options)]);
    const playbook = await loadPlaybookText(text, 'exec', { cwd, extraVars, findModule });
    // Output as it comes is what one runs a command for.
    const showOutput = options.module === undefined;
    const loaded = { playbook, inventory, extraVars };
    const whole = { ...options, showOutput, tags: [], skipTags: [] };
    checkLoaded(loaded, whole);
    return runLoaded(loaded, whole, terminal, signal);
  });
}

function playOf(pattern: string, words: readonly string[], options: ExecOptions): object {
  const become = options.become === true || options.becomeUser !== undefined;
  return {
    name: 'exec',
    hosts: pattern,
    gather_facts: options.module !== undefined || become,
    ...(become ? { become: true } : {}),
    ...(options.becomeUser === undefined ? {} : { become_user: options.becomeUser }),
    tasks: [taskOf(words, options)],
  };
}

function taskOf(words: readonly string[], options: ExecOptions): object {
  const { module: name, args } = options;
  if (name === undefined) {
    if (words.length === 0) {
      const hint =
        "copse exec PATTERN -- uptime   or   copse exec PATTERN -m systemd_unit -a '{name: sshd.service, state: restarted}'";
      throw fault({ code: 'E_USAGE', message: 'nothing to run was given', hint });
    }
    return { name: words.join(' '), command: { argv: words } };
  }
  if (findModule(name) === undefined) {
    const hint =
      didYouMean(
        name,
        modules.map((module) => module.name),
      ) ?? 'copse doc lists the modules';
    throw fault({ code: 'E_MODULE', message: `no module named "${name}"`, hint });
  }
  return { name, [name]: args === undefined ? {} : argsOf(args) };
}

/** Arguments as a mapping where they look like one, else as the module's free form. */
function argsOf(args: string): unknown {
  if (!args.trimStart().startsWith('{')) return args;
  const source = parseSource('-a', args);
  throwIfAny(source.problems);
  return source.root;
}
