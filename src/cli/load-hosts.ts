import { loadInventory } from '../inventory/load.ts';
import type { Inventory } from '../inventory/types.ts';
import { inventorySources } from './inventory-sources.ts';
import type { HostOptions } from './options.ts';
import type { Terminal } from './streams.ts';

/** Loads the inventory a command was given; `playbookDir` adds the variables that lie beside a playbook. */
export async function loadHosts(
  options: Pick<HostOptions, 'inventory'>,
  terminal: Terminal,
  signal: AbortSignal,
  playbookDir?: string,
): Promise<Inventory> {
  const sources = await inventorySources(options.inventory, terminal);
  return loadInventory(sources, { cwd: terminal.cwd, signal, ...(playbookDir === undefined ? {} : { playbookDir }) });
}
