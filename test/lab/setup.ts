import { existsSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { prepareHost } from '../../lab/host.ts';
import { ensureImage } from '../../lab/image.ts';
import { machines, removeMachine, type Image } from '../../lab/machine.ts';
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
  const prefix = `t${process.pid}-`;
  project.provide('image', image);
  project.provide('httpPort', server.port);
  project.provide('prefix', prefix);
  return async () => {
    await server.close();
    if (process.env['COPSE_LAB_KEEP'] !== undefined) return;
    for (const machine of await machines()) if (machine.name.startsWith(prefix)) await removeMachine(machine);
  };
}

/** Removes the machines of runs that were killed. */
async function removeLeftovers(): Promise<void> {
  for (const machine of await machines()) {
    const [, pid] = /^t(\d+)-/.exec(machine.name) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await removeMachine(machine);
  }
}
