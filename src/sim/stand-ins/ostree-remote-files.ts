import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A remote as the files of a host describe it. */
export interface Remote {
  readonly name: string;
  /** Path below the host's root. */
  readonly file: string;
  readonly url: string;
  readonly branches: readonly string[];
  /** Every key and value. */
  readonly values: ReadonlyMap<string, string>;
}

/** Where ostree looks for remotes of the system. */
export const REMOTES = 'etc/ostree/remotes.d';
/** The configuration of the repository. */
export const REPO_CONFIG = 'sysroot/ostree/repo/config';

/** Every remote of the system, by name. */
export function remotesOf(root: string): readonly Remote[] {
  const own = existsSync(join(root, REMOTES)) ? readdirSync(join(root, REMOTES)) : [];
  const files = [REPO_CONFIG, ...own.filter((name) => name.endsWith('.conf')).map((name) => `${REMOTES}/${name}`)];
  const found = files.flatMap((file) => {
    const groups = groupsOf(readFileSync(join(root, file), 'utf8'));
    return [...groups].flatMap(([group, values]) => remoteOf(file, group, values) ?? []);
  });
  return found.toSorted((a, b) => a.name.localeCompare(b.name));
}

/** The remote of that name. */
export function remoteNamed(root: string, name: string): Remote | undefined {
  return remotesOf(root).find((one) => one.name === name);
}

/** Whether its commits are believed: nothing is verified, or there is a key. */
export function trusts(root: string, { name, values }: Remote): boolean {
  const ring = join(root, keyring(name));
  const hasRing = existsSync(ring) && statSync(ring).size > 0;
  return values.get('gpg-verify') === 'false' || values.has('gpgkeypath') || hasRing;
}

/** The file of the keys that were imported for a remote. */
export function keyring(name: string): string {
  return `sysroot/ostree/repo/${name}.trustedkeys.gpg`;
}

/** The groups of a key file, by name. */
export function groupsOf(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const groups = new Map<string, Map<string, string>>();
  let group = new Map<string, string>();
  for (const line of text.split('\n')) {
    const name = /^\s*\[(.+)\]\s*$/.exec(line)?.[1];
    const [, key, value = ''] = /^\s*([^\s#[=][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined) groups.set(name, (group = groups.get(name) ?? new Map<string, string>()));
    else if (key !== undefined) group.set(key, value);
  }
  return groups;
}

function remoteOf(file: string, group: string, values: ReadonlyMap<string, string>): Remote | undefined {
  const name = /^remote "(.+)"$/.exec(group)?.[1];
  if (name === undefined) return undefined;
  const branches = (values.get('branches') ?? '').split(';').filter((branch) => branch !== '');
  return { name, file, url: values.get('url') ?? '', branches, values };
}
