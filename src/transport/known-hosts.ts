import { createHmac } from 'node:crypto';
import { globOf } from './glob.ts';

/** One usable line of a known_hosts file. */
export interface KnownKey {
  readonly marker: 'revoked' | 'cert-authority' | undefined;
  /** Key type as in the key itself: `ssh-rsa` stands for every RSA signature. */
  readonly type: string;
  /** The key as base64, as it stands in the file. */
  readonly key: string;
  readonly file: string;
  readonly line: number;
}

/** Known hosts of one or more files, indexed for lookups among thousands of lines. */
export interface KnownHosts {
  /** Keys of lines that name the host plainly or by a pattern. Cheap. */
  named(name: string): readonly KnownKey[];
  /** Keys of all lines for the host, hashed names too: one HMAC for each hashed line. */
  all(name: string): readonly KnownKey[];
  /** Lines for the host with exactly this key, hashed names too. Cheap. */
  withKey(name: string, key: string): readonly KnownKey[];
  /** The files' new lines are hashed because the old ones are. */
  readonly hashes: boolean;
}

/** The name under which a host is known: `host`, or `[host]:port` for ports other than 22, in lower case. */
export function knownName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

interface Line {
  readonly known: KnownKey;
  readonly matches: (name: string) => boolean;
}

/** Reads the text of known_hosts files; lines that are not understood are passed over, as ssh does. */
export function parseKnownHosts(files: readonly { readonly file: string; readonly text: string }[]): KnownHosts {
  const exact = new Map<string, KnownKey[]>();
  const patterns: Line[] = [];
  const hashed: Line[] = [];
  const hashedByKey = new Map<string, Line[]>();
  const add = (known: KnownKey, names: string): void => {
    if (names.startsWith('|1|')) {
      const line = { known, matches: hashedName(names) };
      hashed.push(line);
      push(hashedByKey, known.key, line);
    } else if (/[*?!]/.test(names)) patterns.push({ known, matches: patternList(names) });
    else for (const name of new Set(names.toLowerCase().split(','))) push(exact, name, known);
  };
  for (const { file, text } of files) {
    for (const [index, raw] of text.split('\n').entries()) {
      const parsed = parseLine(raw, file, index + 1);
      if (parsed !== undefined) add(parsed.known, parsed.names);
    }
  }

  const named = (name: string): KnownKey[] => [...(exact.get(name) ?? []), ...matching(patterns, name)];
  return {
    named,
    all: (name) => [...named(name), ...matching(hashed, name)],
    withKey: (name, key) => [
      ...named(name).filter((known) => known.key === key),
      ...matching(hashedByKey.get(key) ?? [], name),
    ],
    hashes: hashed.length > 0 && hashed.length >= exact.size,
  };
}

/** A line for a file of known hosts; hashed when the file's other lines are. */
export function knownHostsLine(name: string, type: string, key: string, salt: Buffer | undefined): string {
  const shown = salt === undefined ? name : `|1|${salt.toString('base64')}|${hashOf(salt, name)}`;
  return `${shown} ${type} ${key}\n`;
}

function parseLine(raw: string, file: string, line: number): { known: KnownKey; names: string } | undefined {
  const words = raw.trim().split(/[ \t]+/);
  if (words[0] === '' || words[0]?.startsWith('#')) return undefined;
  const marker = words[0]?.startsWith('@') ? words.shift()?.slice(1) : undefined;
  if (marker !== undefined && marker !== 'revoked' && marker !== 'cert-authority') return undefined;
  const [names, type, key] = words;
  if (names === undefined || type === undefined || key === undefined) return undefined;
  return { known: { marker, type, key, file, line }, names };
}

function hashedName(names: string): (name: string) => boolean {
  const [, , salt64, hash] = names.split('|');
  const salt = Buffer.from(salt64 ?? '', 'base64');
  return (name) => hashOf(salt, name) === hash;
}

function hashOf(salt: Buffer, name: string): string {
  return createHmac('sha1', salt).update(name).digest('base64');
}

/** A comma list with `*`, `?` and `!`: a negated match anywhere wins. */
function patternList(names: string): (name: string) => boolean {
  const patterns = names
    .toLowerCase()
    .split(',')
    .map((text) => ({ negated: text.startsWith('!'), glob: globOf(text.replace(/^!/, '')) }));
  return (name) => {
    const hits = patterns.filter(({ glob }) => glob.test(name));
    return hits.length > 0 && hits.every(({ negated }) => !negated);
  };
}

function matching(lines: readonly Line[], name: string): KnownKey[] {
  return lines.filter((line) => line.matches(name)).map((line) => line.known);
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
