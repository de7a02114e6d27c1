import { Command, Option } from 'commander';
import { didYouMean } from '../core/nearest.ts';
import { fault } from '../core/problem.ts';
import { explainConnection, explainHost } from '../inventory/explain.ts';
import { hostSpec } from '../inventory/host-spec.ts';
import { selectHosts } from '../inventory/pattern.ts';
import { graph, listing, plainVars, showJson } from '../inventory/show.ts';
import { findHost, type Inventory } from '../inventory/types.ts';
import { EXIT } from './exit.ts';
import { withInterrupts } from './interrupt.ts';
import { loadHosts } from './load-hosts.ts';
import { extraVarsOption, inventoryOption } from './options.ts';
import type { Action } from './action.ts';
import type { Terminal } from './streams.ts';

interface InventoryOptions {
  readonly inventory?: readonly string[];
  readonly extraVars?: readonly string[];
  readonly limit?: string;
  readonly playbookDir?: string;
  readonly list?: true;
  readonly graph?: true | string;
  readonly host?: string;
  readonly explain?: true;
  readonly vars?: true;
}

/** The command `copse inventory`. */
export function inventoryCommand(act: (action: Action) => Promise<void>): Command {
  return new Command('inventory')
    .description('show what an inventory says; Ansible inventories load as they are')
    .addOption(inventoryOption())
    .option('-l, --limit <pattern>', 'only these hosts')
    .addOption(extraVarsOption())
    .option('--playbook-dir <folder>', 'folder of a playbook, whose group_vars and host_vars count too')
    .addOption(
      new Option('--list', 'groups, hosts and variables as JSON, as ansible-inventory prints it').conflicts([
        'graph',
        'host',
      ]),
    )
    .addOption(new Option('--graph [group]', 'groups and hosts as a tree (the default)').conflicts('host'))
    .option('--host <name>', 'the variables of one host as JSON')
    .option('--explain', 'with --host: where every value comes from, and how the host is reached')
    .option('--vars', 'with --graph: the variables too')
    .action((options: InventoryOptions) => act((terminal) => show(options, terminal)));
}

function show(options: InventoryOptions, terminal: Terminal): Promise<number> {
  refuseUseless(options);
  return withInterrupts(terminal, async (signal) => {
    const inventory = await loadHosts(
      { inventory: [], extraVars: [], ...options },
      terminal,
      signal,
      options.playbookDir,
    );
    if (options.host !== undefined) return showHost(inventory, options.host, options, terminal);
    const only = options.limit === undefined ? undefined : new Set(selectHosts(inventory, 'all', options));
    const text = options.list === true ? showJson(listing(inventory, only)) : tree(inventory, options, only);
    terminal.stdout.write(`${text}\n`);
    return EXIT.ok;
  });
}

/** An option that would do nothing is a misunderstanding. */
function refuseUseless({ host, list, explain, vars, limit }: InventoryOptions): void {
  if (explain === true && host === undefined) {
    throw fault({ code: 'E_USAGE', message: '--explain explains one host', hint: 'add: --host NAME' });
  }
  if (vars === true && (host !== undefined || list === true)) {
    throw fault({
      code: 'E_USAGE',
      message: '--vars belongs to --graph',
      hint: '--list and --host show variables anyway',
    });
  }
  if (limit !== undefined && host !== undefined) {
    throw fault({ code: 'E_USAGE', message: '--limit does not go with --host', hint: 'leave one of them out' });
  }
}

function tree(inventory: Inventory, options: InventoryOptions, only: ReadonlySet<string> | undefined): string {
  const start = typeof options.graph === 'string' ? options.graph : 'all';
  if (inventory.groups.has(start)) return graph(inventory, start, options.vars === true, only);
  const hint = didYouMean(start, inventory.groups.keys()) ?? 'see all groups with: copse inventory --graph';
  throw fault({ code: 'E_PATTERN', message: `there is no group "${start}"`, hint });
}

function showHost(inventory: Inventory, name: string, options: InventoryOptions, terminal: Terminal): number {
  const host = findHost(inventory, name);
  if (host === undefined) {
    const hint = didYouMean(name, inventory.hosts.keys()) ?? 'see all hosts with: copse inventory --graph';
    throw fault({ code: 'E_PATTERN', message: `there is no host "${name}"`, hint });
  }
  if (options.explain !== true) {
    terminal.stdout.write(`${showJson(plainVars(host.vars))}\n`);
    return EXIT.ok;
  }
  terminal.stdout.write(`${explainHost(inventory, host)}\n`);
  terminal.stdout.write(`\nconnection: ${explainConnection(hostSpec(host))}\n`);
  return EXIT.ok;
}
