import { lstatSync, readdirSync, type BigIntStats } from 'node:fs';
import { join } from 'node:path';
import { outward } from './moved-root.ts';

/** Owner and group of a file by number. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Owners of a host's files. Really they all belong to whoever runs the fleet; who owns them on the host is kept here, by
 * inode, because a file keeps its inode when it is renamed. An inode that was used again has another time of birth.
 */
export interface Owners {
  of(path: string): Owner;
  set(path: string, owner: Partial<Owner>): void;
  /** Gives a copied folder the owners of what it was copied from. */
  copy(from: string, to: string): void;
}

/** Login users have this number. */
export const LOGIN_UID = 1000;

/** Makes the owners of a host: a login user owns a home, root everything else. */
export function createOwners(root: string, user: string): Owners {
  const known = new Map<bigint, Owner & { readonly born: bigint }>();
  const of = (path: string): Owner => {
    const stats = lstatSync(path, { bigint: true });
    const found = known.get(stats.ino);
    if (found !== undefined && found.born === stats.birthtimeNs) return { uid: found.uid, gid: found.gid };
    const id = user !== 'root' && isBelow(path, join(root, 'var/home', user), root) ? LOGIN_UID : 0;
    return { uid: id, gid: id };
  };
  const set = (path: string, owner: Partial<Owner>): void => {
    const stats: BigIntStats = lstatSync(path, { bigint: true });
    known.set(stats.ino, { ...of(path), ...owner, born: stats.birthtimeNs });
  };
  const copy = (from: string, to: string): void => {
    set(to, of(from));
    if (!lstatSync(from).isDirectory()) return;
    for (const name of readdirSync(from)) copy(join(from, name), join(to, name));
  };
  return { of, set, copy };
}

function isBelow(path: string, home: string, root: string): boolean {
  const onHost = outward(path, root).replace(/^\/home\//, '/var/home/');
  const folder = outward(home, root);
  return onHost === folder || onHost.startsWith(`${folder}/`);
}
