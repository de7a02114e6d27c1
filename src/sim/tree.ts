import { accessSync, chmodSync, constants, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { standInProgram } from './calls.ts';
import { resolve, type Deployment } from './model/deployment.ts';

/** The machine's own programs that a simulated host has too. */
const REAL_PROGRAMS =
  `[ awk base64 basename bash cat chmod cksum cmp comm cp cut date dd diff dirname echo egrep env expr
  false fgrep find flock fold getopt grep gunzip gzip head install join kill link ln locale ls md5sum mkdir mkfifo mktemp mv nice nl
  nohup od paste pathchk pgrep pkill printenv printf ps pwd readlink realpath rm rmdir sed seq setsid sh sha1sum sha256sum
  sha512sum shuf sleep sort split stty tac tail tar tee test timeout touch tr true truncate tsort tty uniq unlink wc which
  xargs yes`.split(/\s+/);

/** Programs that do nothing on a host without disks and labels of its own. */
const SILENT = ['chcon', 'fsfreeze', 'sync', 'udevadm'];

/** The trees of deployments: one folder per checksum and programs left out, shared by all hosts that have it. */
export interface Trees {
  /** The folder that holds the programs of a deployment, in `bin`; made when it is asked for first. */
  of(deployment: Deployment, without?: readonly string[]): string;
}

/** Makes trees below a folder; `tools` are the modelled programs. */
export function createTrees(folder: string, tools: readonly string[]): Trees {
  const standIn = join(folder, 'stand-in');
  mkdirSync(folder, { recursive: true });
  program(standIn, standInProgram(find('mkfifo') ?? 'mkfifo'));
  program(join(folder, 'silent'), '#!/bin/sh\nexit 0\n');
  const links = new Map<string, string>();
  for (const name of REAL_PROGRAMS) {
    const real = find(name);
    if (real !== undefined) links.set(name, real);
  }
  for (const name of SILENT) links.set(name, join(folder, 'silent'));
  const setsid = links.get('setsid');
  if (setsid !== undefined) links.set('copse-setsid', setsid);
  for (const name of tools) if (name !== 'setsid' || setsid !== undefined) links.set(name, standIn);
  return {
    of: (deployment, without = []) => {
      const path = join(folder, [deployment.checksum.slice(0, 16), ...without].join('-'));
      const left = new Map([...links].filter(([name]) => !without.includes(name)));
      return ensureTree(path, deployment, left, standIn);
    },
  };
}

function ensureTree(path: string, deployment: Deployment, links: ReadonlyMap<string, string>, standIn: string): string {
  if (existsSync(path)) return path;
  const tree = resolve(deployment.origin);
  const programs = new Map(links);
  for (const name of tree.layered.flatMap((pkg) => pkg.programs ?? [])) programs.set(name, standIn);
  mkdirSync(join(path, 'bin'), { recursive: true });
  for (const [name, target] of programs) symlinkSync(target, join(path, 'bin', name));
  return path;
}

function program(path: string, text: string): void {
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

/** A program of this machine. */
function find(name: string): string | undefined {
  const folders = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', ...(process.env['PATH'] ?? '').split(':')];
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return path.startsWith('/');
  } catch {
    return false;
  }
}
