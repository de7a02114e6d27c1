import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fault } from '../core/problem.ts';
import type { Terminal } from './streams.ts';

/** The inventories to read: `-i`, else $COPSE_INVENTORY, else `inventory` or `inventory.yaml` in the working folder. */
export async function inventorySources(given: readonly string[], terminal: Terminal): Promise<readonly string[]> {
  if (given.length > 0) return given;
  const fromEnv = terminal.env['COPSE_INVENTORY'];
  if (fromEnv !== undefined && fromEnv !== '') return fromEnv.split(':');
  for (const name of ['inventory', 'inventory.yaml', 'inventory.yml', 'inventory.ini', 'hosts']) {
    const found = await stat(resolve(terminal.cwd, name)).catch(() => undefined);
    if (found !== undefined) return [name];
  }
  throw fault({
    code: 'E_INVENTORY',
    message: 'no inventory was given, and there is none in this folder',
    hint: 'copse … -i inventory.yaml, or for single hosts: -i edge01.example.com,',
  });
}
