import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fault } from '../core/problem.ts';
import { keyType } from './host-verdict.ts';
import type { KnownHosts } from './known-hosts.ts';
import { knownHostsLine, parseKnownHosts } from './known-hosts.ts';

interface Loaded {
  readonly stamp: string;
  readonly known: KnownHosts;
}

const loaded = new Map<string, Loaded>();

/** The known hosts of these files; read again only when one of them changed. Files that are not there are empty. */
export async function loadKnownHosts(files: readonly string[]): Promise<KnownHosts> {
  const stamp = (await Promise.all(files.map(stampOf))).join(' ');
  const cached = loaded.get(files.join('\0'));
  if (cached?.stamp === stamp) return cached.known;
  const known = parseKnownHosts(await Promise.all(files.map(async (file) => ({ file, text: await textOf(file) }))));
  loaded.set(files.join('\0'), { stamp, known });
  return known;
}

/** Adds a host's key to the first of the files; a new file is private, as ssh makes it. */
export async function rememberHost(files: readonly string[], name: string, key: Buffer): Promise<string> {
  const [file] = files;
  if (file === undefined) throw fault({ code: 'E_HOSTKEY', message: `no known_hosts file to remember "${name}" in` });
  const known = await loadKnownHosts(files);
  const line = knownHostsLine(name, keyType(key), key.toString('base64'), known.hashes ? randomBytes(20) : undefined);
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const text = await textOf(file);
    await appendFile(file, text === '' || text.endsWith('\n') ? line : `\n${line}`, { mode: 0o600 });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw fault({ code: 'E_FILE', message: `the key of "${name}" could not be written to ${file}: ${why}` }, error);
  }
  return file;
}

async function stampOf(file: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(file);
    return `${mtimeMs}:${size}:${ino}`;
  } catch {
    return '-';
  }
}

/** A file that cannot be read is an error of the user's setup unless it is simply not there. */
async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return '';
    const why = error instanceof Error ? error.message : String(error);
    throw fault({ code: 'E_FILE', message: `known hosts cannot be read from ${file}: ${why}` }, error);
  }
}
