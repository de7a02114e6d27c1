import { renderProblem } from '../config/frame.ts';
import { loadInventory } from '../inventory/load.ts';
import type { Inventory } from '../inventory/types.ts';
import { readExtraVars } from './extra-vars.ts';
import { inventorySources } from './inventory-sources.ts';
import type { HostOptions } from './options.ts';
import type { Terminal } from './streams.ts';

/**
 * Loads the inventory a command was given; `playbookDir` adds the variables that lie beside a playbook. What `-e` says wins on
 * every host, so that it may change connections too. What is only odd in it is told as a note.
 */
export async function loadHosts(
  options: Pick<HostOptions, 'inventory' | 'extraVars'>,
  terminal: Terminal,
  signal: AbortSignal,
  playbookDir?: string,
): Promise<Inventory> {
  const sources = await inventorySources(options.inventory, terminal);
  const extraVars = await readExtraVars(options.extraVars, terminal.cwd);
  const beside = playbookDir === undefined ? {} : { playbookDir };
  const inventory = await loadInventory(sources, { cwd: terminal.cwd, signal, extraVars, ...beside });
  for (const note of inventory.notes ?? []) terminal.stderr.write(`note: ${renderProblem(note)}\n`);
  return inventory;
}
