import { spawn } from 'node:child_process';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { home } from './paths.ts';
import { serve } from './server.ts';
import { until } from './shell.ts';

/** An HTTP server that runs on its own for machines made by hand; one for each image that has such machines. */
export interface RunningServer {
  readonly pid: number;
  readonly port: number;
  /** What it serves: an image's `served`. */
  readonly folder: string;
}

const preferredPort = 8099;

/** The port of the server of a folder, which is started when it does not run; `program` is what serves: its path and words. */
export async function ensureServer(folder: string, program: readonly string[]): Promise<number> {
  const running = (await runningServers()).find((server) => server.folder === folder);
  if (running !== undefined) return running.port;
  spawn(process.execPath, [...program, folder], { detached: true, stdio: 'ignore' }).unref();
  return until('the HTTP server', 20_000, async () => (await recorded(folder))?.port);
}

/** Serves a folder until this process ends, and writes down where. */
export async function serveForever(folder: string): Promise<never> {
  const { port } = await serve(folder, preferredPort).catch(() => serve(folder));
  await writeFile(recordOf(folder), JSON.stringify({ pid: process.pid, port, folder } satisfies RunningServer));
  return new Promise<never>(() => undefined);
}

/** All servers that run. */
export async function runningServers(): Promise<readonly RunningServer[]> {
  const images = (await readdir(home).catch(() => [])).filter((name) => name.startsWith('image-'));
  const found = await Promise.all(images.map((name) => recorded(join(home, name, 'served'))));
  return found.flatMap((server) => server ?? []);
}

/** Ends a server and forgets it. */
export async function stopServer({ pid, folder }: RunningServer): Promise<void> {
  process.kill(pid, 'SIGTERM');
  await rm(recordOf(folder), { force: true });
}

async function recorded(folder: string): Promise<RunningServer | undefined> {
  const text = await readFile(recordOf(folder), 'utf8').catch(() => '');
  if (text === '') return undefined;
  const server = JSON.parse(text) as RunningServer;
  const line = await readFile(`/proc/${server.pid}/cmdline`, 'utf8').catch(() => '');
  return line.includes(folder) ? server : undefined;
}

/** Beside the folder, and not in it: machines need not see it. */
function recordOf(folder: string): string {
  return `${folder}.json`;
}
