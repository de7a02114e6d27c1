import { lstatSync, readdirSync, readlinkSync, statSync, realpathSync, type BigIntStats } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Call } from '../calls.ts';
import type { Machine } from '../machine.ts';
import { outward } from '../moved-root.ts';
import { readWords } from '../words.ts';
import { knownGroup, knownUser, nameOf } from './accounts.ts';

/** `stat -c FORMAT`: the files are real, their owners are the model's. */
export function stat(call: Call, machine: Machine): number {
  const flags = ['-L --dereference', '-t --terse', '-f --file-system'];
  const words = readWords(call.args, { flags, values: ['-c --format', '--printf'] });
  const format = words.last('--printf')?.replaceAll(String.raw`\n`, '\n') ?? `${words.last('-c') ?? '%n'}\n`;
  let code = 0;
  for (const name of words.rest) {
    const text = describe(machine, call, name, { format, follow: words.has('-L'), system: words.has('-f') });
    if (text === undefined) {
      call.err(`stat: cannot statx '${name}': No such file or directory\n`);
      code = 1;
    } else call.out(text);
  }
  return code;
}

interface Look {
  readonly format: string;
  readonly follow: boolean;
  readonly system: boolean;
}

function describe(machine: Machine, call: Call, name: string, { format, follow, system }: Look): string | undefined {
  const path = realPath(machine, call, name);
  try {
    const stats = follow ? statSync(path, { bigint: true }) : lstatSync(path, { bigint: true });
    if (system) return format.replaceAll(/%([a-zA-Z%])/g, (_, letter: string) => systemField(letter, name));
    return format.replaceAll(/%\.?\d*([a-zA-Z%])/g, (_, letter: string) =>
      field(machine, { letter, name, path, stats, follow }),
    );
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}

/** Where a path of the host really is. */
export function realPath(machine: Machine, call: Call, name: string): string {
  return join(machine.root, resolve(call.cwd || '/', name));
}

interface Field {
  readonly letter: string;
  readonly name: string;
  readonly path: string;
  readonly stats: BigIntStats;
  readonly follow: boolean;
}

function field(machine: Machine, { letter, name, path, stats, follow }: Field): string {
  const { uid, gid } = machine.owners.of(follow ? realpathSync(path) : path);
  const mode = Number(stats.mode);
  const fields: Readonly<Record<string, () => string>> = {
    '%': () => '%',
    a: () => (mode & 0o7777).toString(8),
    f: () => mode.toString(16),
    F: () => typeName(stats),
    s: () => String(stats.size),
    u: () => String(uid),
    g: () => String(gid),
    U: () => nameOf(machine, 'passwd', uid),
    G: () => nameOf(machine, 'group', gid),
    n: () => name,
    N: () => (stats.isSymbolicLink() ? `'${name}' -> '${outward(readlinkSync(path), machine.root)}'` : `'${name}'`),
    i: () => String(stats.ino),
    d: () => '64515',
    D: () => 'fc03',
    m: () => '/',
    h: () => String(stats.nlink),
    b: () => String(stats.blocks),
    B: () => '512',
    o: () => '4096',
    X: () => String(stats.atimeMs / 1000n),
    Y: () => String(stats.mtimeMs / 1000n),
    Z: () => String(stats.ctimeMs / 1000n),
    W: () => String(stats.birthtimeMs / 1000n),
    y: () => new Date(Number(stats.mtimeMs)).toISOString(),
    C: () => 'system_u:object_r:etc_t:s0',
    t: () => '0',
    T: () => '0',
  };
  return fields[letter]?.() ?? '?';
}

function systemField(letter: string, name: string): string {
  const fields: Readonly<Record<string, string>> = {
    n: name,
    T: 'xfs',
    t: '58465342',
    a: '7340032',
    f: '7340032',
    b: '10485760',
    S: '4096',
    s: '4096',
  };
  return fields[letter] ?? '?';
}

function typeName(stats: BigIntStats): string {
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symbolic link';
  if (stats.isFIFO()) return 'fifo';
  if (stats.isSocket()) return 'socket';
  return stats.size === 0n ? 'regular empty file' : 'regular file';
}

/** `chown OWNER[:GROUP] FILE…`. */
export function chown(call: Call, machine: Machine): number {
  return changeOwner(call, machine, (word) => {
    const [user = '', group = ''] = word.split(/[:.]/);
    const uid = user === '' ? undefined : numberOf(knownUser(machine, user)?.number, user);
    const gid = group === '' ? undefined : numberOf(knownGroup(machine, group)?.number, group);
    if (uid === null) return { error: `invalid user: ‘${word}’` };
    if (gid === null) return { error: `invalid group: ‘${word}’` };
    return { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
  });
}

/** The account's number, a number as it stands, or null for a name nobody has. */
function numberOf(known: number | undefined, word: string): number | null {
  return known ?? (/^\d+$/.test(word) ? Number(word) : null);
}

/** `chgrp GROUP FILE…`. */
export function chgrp(call: Call, machine: Machine): number {
  return changeOwner(call, machine, (word) => {
    const gid = numberOf(knownGroup(machine, word)?.number, word);
    return gid === null ? { error: `invalid group: ‘${word}’` } : { gid };
  });
}

type Wish = { readonly uid?: number; readonly gid?: number } | { readonly error: string };

function changeOwner(call: Call, machine: Machine, read: (word: string) => Wish): number {
  const words = readWords(call.args, {
    flags: ['-R --recursive', '-h --no-dereference', '-L', '-P', '-H', '-f', '-v', '-c'],
    values: ['--reference', '--from'],
  });
  const like = words.last('--reference');
  const [spec = '', ...rest] = words.rest;
  const names = like === undefined ? rest : words.rest;
  const wish = like === undefined ? read(spec) : machine.owners.of(realPath(machine, call, like));
  if ('error' in wish) return fail(call, wish.error);
  if (call.user !== 'root') return fail(call, `changing ownership of '${names[0] ?? ''}': Operation not permitted`);
  let code = 0;
  for (const name of names) {
    const path = realPath(machine, call, name);
    try {
      const target = words.has('-h') ? path : realpathSync(path);
      for (const one of words.has('-R') ? below(target) : [target]) machine.owners.set(one, wish);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      code = fail(call, `cannot access '${name}': No such file or directory`);
    }
  }
  return code;
}

function below(path: string): readonly string[] {
  if (!lstatSync(path).isDirectory()) return [path];
  return [path, ...readdirSync(path).flatMap((name) => below(join(path, name)))];
}

function fail(call: Call, message: string): number {
  call.err(`${call.tool}: ${message}\n`);
  return 1;
}
