import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packagesOf } from '../../src/sim/model/deployment.ts';
import { bootedOf } from '../../src/sim/model/sysroot.ts';
import type { SimHost } from '../../src/sim/types.ts';

const MAIN = process.env['COPSE_MAIN'] ?? resolve(import.meta.dirname, '../../dist/main.js');

/** How a copse ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
}

/** How a built copse is started as a process of its own. */
export interface Start {
  /** Working folder; the state of runs is kept in a folder of the host's name below it. */
  readonly folder: string;
  readonly host: string;
  readonly words: readonly string[];
  /** Loaded into it before it begins. */
  readonly hook: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly began?: (child: ChildProcess) => void;
}

/** Runs the built copse until it ends. */
export function runCopse({ folder, host, words, hook, env = {}, began }: Start): Promise<Ended> {
  const child = spawn(
    process.execPath,
    ['--import', resolve(import.meta.dirname, hook), MAIN, ...words, '--output', 'plain'],
    {
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, COPSE_STATE: join(folder, host), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  began?.(child);
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (out += text));
  return new Promise((done) => child.on('close', (code, signal) => done({ code, signal, out })));
}

/** The run of a host and what stands in its journal; both empty before there is one. */
export function journalOf(folder: string, host: string): { readonly id: string; readonly text: string } {
  const runs = join(folder, host, 'runs');
  const [id = ''] = existsSync(runs) ? readdirSync(runs) : [];
  const path = join(runs, id, 'journal');
  return { id, text: id !== '' && existsSync(path) ? readFileSync(path, 'utf8') : '' };
}

/** What a host was sent, and how it ended. */
export function stateOf({ counts, state, root }: SimHost): Readonly<Record<string, unknown>> {
  const names = packagesOf(bootedOf(state.sysroot).origin).map((one) => one.name);
  const driver = state.units.get('zincati.service');
  return {
    reboots: counts.reboots,
    transactions: counts.transactions,
    tools: ['tmux', 'htop'].filter((tool) => names.includes(tool)),
    after: existsSync(join(root, 'var/lib/after')),
    updater: driver === undefined ? 'none' : driver.masked ? 'masked' : driver.active,
    held: existsSync(join(root, 'run/copse/held')),
  };
}
