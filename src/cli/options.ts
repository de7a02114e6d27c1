import { Command, InvalidArgumentError, Option } from 'commander';
import type { Verbosity } from '../report/line-options.ts';

/** Options every command that reaches hosts has. */
export interface HostOptions {
  readonly inventory: readonly string[];
  readonly limit?: string;
  readonly user?: string;
  readonly privateKey?: readonly string[];
  readonly hostKey?: 'strict' | 'accept-new' | 'ask';
  readonly askPass?: boolean;
  readonly askBecomePass?: boolean;
  readonly forks: number;
  readonly extraVars: readonly string[];
  readonly verbose: Verbosity;
  readonly output?: 'live' | 'plain' | 'json';
}

/** Adds the options of HostOptions to a command. */
export function withHostOptions(command: Command): Command {
  return command
    .addOption(inventoryOption())
    .option('-l, --limit <pattern>', 'only these of the selected hosts')
    .option('-u, --user <name>', 'log in as this user where the inventory does not say')
    .option('--private-key <file>', 'private key to log in with where the inventory does not say', collect)
    .addOption(
      new Option(
        '--host-key <policy>',
        'an unknown host key: refuse, remember, or ask (a changed one is always refused)',
      ).choices(['strict', 'accept-new', 'ask']),
    )
    .option('-k, --ask-pass', 'ask for the password to log in with')
    .option('-K, --ask-become-pass', 'ask for the password of sudo, su or doas')
    .option('-f, --forks <count>', 'hosts that act at the same time', positive, 50)
    .addOption(extraVarsOption())
    .addOption(
      new Option('-v, --verbose', 'tell more: -v every task, -vv steps, -vvv output of commands')
        .argParser(louder)
        .default(0, 'changes and failures'),
    )
    .addOption(
      new Option('--output <form>', 'how to tell it; live on a terminal, plain elsewhere').choices([
        'live',
        'plain',
        'json',
      ]),
    );
}

/** `-i`, which may be given several times. */
export function inventoryOption(): Option {
  return new Option(
    '-i, --inventory <source>',
    'inventory file, folder, program or "h1,h2,"; may be given several times',
  )
    .argParser(collect)
    .default([], '$COPSE_INVENTORY, or what lies in this folder');
}

/** `-e`, which may be given several times. */
export function extraVarsOption(): Option {
  return new Option('-e, --extra-vars <vars>', 'name=value, {name: value} or @file; wins over all other variables')
    .argParser(collect)
    .default([], 'none');
}

/** `--tags` and `--skip-tags`. */
export function withTagOptions(command: Command): Command {
  return command
    .addOption(
      new Option('-t, --tags <tags>', 'only tasks with one of these tags').argParser(collectWords).default([], 'all'),
    )
    .addOption(
      new Option('--skip-tags <tags>', 'no task with one of these tags').argParser(collectWords).default([], 'none'),
    );
}

/** Commander collector for an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Comma lists in several options become one list. */
function collectWords(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...value.split(',').map((word) => word.trim())].filter((word) => word !== '');
}

function positive(value: string): number {
  const count = Number(value);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('expected a whole number of at least 1');
  return count;
}

function louder(_: string, before: Verbosity): Verbosity {
  return before === 0 ? 1 : before === 1 ? 2 : 3;
}
