import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { prepareHost } from '../../lab/host.ts';
import { ensureImage } from '../../lab/image.ts';
import { machines, removeMachine, type Image } from '../../lab/machine.ts';
import { isInUseByTests, testPrefix } from '../../lab/names.ts';
import { machinesFolder } from '../../lab/paths.ts';
import { serve } from '../../lab/server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    readonly image: Image;
    readonly httpPort: number;
    /** The names of this run's machines begin with it. */
    readonly prefix: string;
  }
}

/** Builds the image when it is not there, serves what machines upgrade from, and leaves nothing running behind. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const say = (line: string): void => console.log(`lab: ${line}`);
  await prepareHost(say);
  await removeLeftovers();
  const image = await ensureImage(say);
  const server = await serve(image.served);
  const prefix = testPrefix(process.pid);
  project.provide('image', image);
  project.provide('httpPort', server.port);
  project.provide('prefix', prefix);
  if (process.env['COPSE_LAB_KEEP'] === undefined) {
    process.once('exit', () => endNow(prefix));
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  }
  return () => server.close();
}

/** Ends this run's machines while the process itself is ending: there is no time to wait for anything. */
function endNow(prefix: string): void {
  for (const name of existsSync(machinesFolder) ? readdirSync(machinesFolder) : []) {
    if (!name.startsWith(prefix)) continue;
    const folder = join(machinesFolder, name);
    const pid = existsSync(join(folder, 'pid')) ? Number(readFileSync(join(folder, 'pid'), 'utf8')) : 0;
    const isOurs =
      pid > 0 && existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
    if (isOurs) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Removes the machines of runs that were killed. */
async function removeLeftovers(): Promise<void> {
  for (const machine of await machines()) {
    if (/^t\d+-/.test(machine.name) && !isInUseByTests(machine.name)) await removeMachine(machine);
  }
}
