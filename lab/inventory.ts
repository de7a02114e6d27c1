import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Machine } from './machine.ts';
import { keyFile } from './paths.ts';

/** The files with which copse finds machines of the lab. */
export interface InventoryFiles {
  readonly inventory: string;
  readonly knownHosts: string;
}

/**
 * Writes `inventory.yaml` (one group, `lab`) and `known_hosts` for the machines into a folder. `user` logs in: root,
 * admin (sudo without a password) or ops (sudo with the password in `opsPassword`).
 */
export async function writeInventory(
  folder: string,
  machines: readonly Machine[],
  user = 'root',
): Promise<InventoryFiles> {
  const files = { inventory: join(folder, 'inventory.yaml'), knownHosts: join(folder, 'known_hosts') };
  const hosts = machines.map(
    ({ name, address, port }) => `    ${name}: { ansible_host: ${address}, ansible_port: ${port} }`,
  );
  const text = [
    '# the machines of the copse lab; written by "npm run lab"',
    'lab:',
    '  vars:',
    `    ansible_user: ${user}`,
    `    ansible_ssh_private_key_file: ${keyFile}`,
    `    ansible_ssh_common_args: -o UserKnownHostsFile=${files.knownHosts}`,
    ...(hosts.length === 0 ? ['  hosts: {}'] : ['  hosts:', ...hosts]),
  ];
  await writeFile(files.inventory, `${text.join('\n')}\n`);
  await writeFile(
    files.knownHosts,
    machines.map(({ address, port, hostKey }) => `[${address}]:${port} ${hostKey}\n`).join(''),
  );
  return files;
}

/** The password of ops, for ssh and for sudo. */
export const opsPassword = 'fleet admiral';
