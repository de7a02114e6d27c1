import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The lab's source folder, also when the compiled copy in dist-lab runs. */
export const sources = fileURLToPath(new URL('../lab/', import.meta.url));

/** Everything the lab keeps: packages, images, machines, the key. `COPSE_LAB_HOME` moves it. */
export const home = checked(
  resolve(
    process.env['COPSE_LAB_HOME'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'copse-lab'),
  ),
);

/** The private key that every machine accepts for root, admin and ops. */
export const keyFile = join(home, 'key');
/** The inventory of the machines that `up` made. */
export const inventoryFile = join(home, 'inventory.yaml');
/** The host keys of the machines that `up` made. */
export const knownHostsFile = join(home, 'known_hosts');
/** One folder for each machine. */
export const machinesFolder = join(home, 'machines');

function checked(path: string): string {
  if (!/^[A-Za-z0-9/._+-]+$/.test(path)) {
    throw new Error(
      `the lab's folder ${path} becomes a part of qemu options: only letters, digits and / . _ + - can be in it`,
    );
  }
  if (path.length > 70)
    throw new Error(`the lab's folder ${path} is longer than 70 characters: a unix socket would not fit`);
  return path;
}
