import { Command } from 'commander';
import { listPlays, type PlayListing } from '../playbook/listing.ts';
import { EXIT } from './exit.ts';
import { withInterrupts } from './interrupt.ts';
import { loadAll } from './load-all.ts';
import { extraVarsOption, inventoryOption, withTagOptions } from './options.ts';
import type { Action } from './action.ts';
import type { Terminal } from './streams.ts';

/** Options of `copse check`. */
interface CheckOptions {
  readonly inventory: readonly string[];
  readonly limit?: string;
  readonly extraVars: readonly string[];
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  readonly listTasks?: boolean;
  readonly listHosts?: boolean;
  readonly listTags?: boolean;
}

/** The command `copse check`. */
export function checkCommand(act: (action: Action) => Promise<void>): Command {
  return withTagOptions(new Command('check'))
    .description('find everything wrong with playbooks and inventory that can be known without a connection')
    .argument('<playbook...>', 'YAML files with plays')
    .addOption(inventoryOption())
    .option('-l, --limit <pattern>', 'only these of the selected hosts')
    .addOption(extraVarsOption())
    .option('--list-tasks', 'list the tasks that would run')
    .option('--list-hosts', 'list the hosts of each play')
    .option('--list-tags', 'list the tags of each play')
    .action((files: readonly string[], options: CheckOptions) =>
      act((terminal) => checkFiles(files, options, terminal)),
    );
}

function checkFiles(files: readonly string[], options: CheckOptions, terminal: Terminal): Promise<number> {
  return withInterrupts(terminal, async (signal) => {
    const { playbook, inventory } = await loadAll(files, options, terminal, signal);
    const { limit, tags, skipTags } = options;
    const plays = listPlays(playbook, inventory, { limit, tags, skipTags });
    terminal.stdout.write(isListing(options) ? listingText(plays, options) : summaryText(plays));
    return EXIT.ok;
  });
}

function isListing({ listTasks, listHosts, listTags }: CheckOptions): boolean {
  return listTasks === true || listHosts === true || listTags === true;
}

function summaryText(plays: readonly PlayListing[]): string {
  const tasks = plays.reduce((sum, play) => sum + play.tasks.length, 0);
  const hosts = new Set(plays.flatMap((play) => play.hosts)).size;
  return `no problem found: ${count(plays.length, 'play')}, ${count(tasks, 'task')}, ${count(hosts, 'host')}\n`;
}

function listingText(plays: readonly PlayListing[], options: CheckOptions): string {
  const lines: string[] = [];
  for (const play of plays) {
    lines.push(`play ${play.index}: ${play.name === '' ? play.pattern : play.name}`);
    if (options.listHosts === true)
      lines.push(`  hosts (${play.hosts.length}): ${play.pattern}`, ...play.hosts.map((host) => `    ${host}`));
    if (options.listTasks === true) {
      lines.push('  tasks:');
      for (const task of play.tasks)
        lines.push(
          `    ${'  '.repeat(task.depth)}${task.id.padEnd(8)}${task.name}${task.tags.length === 0 ? '' : `  [${task.tags.join(', ')}]`}`,
        );
    }
    const tags = [...new Set(play.tasks.flatMap((task) => task.tags))].toSorted();
    if (options.listTags === true) lines.push(`  tags: ${tags.join(', ') || 'none'}`);
  }
  return `${lines.join('\n')}\n`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
