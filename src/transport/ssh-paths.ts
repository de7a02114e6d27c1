import { access } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** What the tokens of paths in ssh's configuration stand for. */
export interface PathTokens {
  readonly home: string;
  readonly localUser: string;
  /** `%h`: the host's address. */
  readonly address: string;
  /** `%n`: the host as it was named. */
  readonly named: string;
  readonly port: number;
  /** `%r`: the login user. */
  readonly user: string;
  /** `%k`: the name under which the host key is known. */
  readonly keyAlias: string;
}

/** A path from ssh's configuration with `~` and its tokens expanded; unknown tokens stay as they are. */
export function expandPath(path: string, tokens: PathTokens): string {
  const local = hostname();
  const values: Readonly<Record<string, string>> = {
    '%': '%',
    d: tokens.home,
    h: tokens.address,
    i: String(process.getuid?.() ?? ''),
    k: tokens.keyAlias,
    L: local.split('.', 1)[0] ?? local,
    l: local,
    n: tokens.named,
    p: String(tokens.port),
    r: tokens.user,
    u: tokens.localUser,
  };
  return tilde(path, tokens.home).replaceAll(/%(.)/g, (token, letter: string) => values[letter] ?? token);
}

/** A path with its leading `~` replaced. */
export function tilde(path: string, home: string): string {
  if (path === '~') return home;
  return path.startsWith('~/') ? join(home, path.slice(2)) : path;
}

/** Those of the files that are there. */
export async function existing(paths: readonly string[]): Promise<string[]> {
  const there = await Promise.all(
    paths.map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return paths.filter((_path, index) => there[index]);
}
