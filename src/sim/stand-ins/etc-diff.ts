import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';

/** What `ostree admin config-diff` prints: modified, removed and added paths; what is in a removed folder is not named, in an added one it is. */
export function etcDifference(image: string, now: string): string {
  const found: Found = { M: [], D: [], A: [] };
  compare(image, now, '', found);
  const lines = (['M', 'D', 'A'] as const).flatMap((kind) => found[kind].map((path) => `${kind}    ${path}\n`));
  return lines.join('');
}

type Found = Readonly<Record<'M' | 'D' | 'A', string[]>>;

function compare(image: string, now: string, at: string, found: Found): void {
  for (const name of readdirSync(join(image, at)).toSorted()) {
    const path = join(at, name);
    const before = lstatSync(join(image, path));
    const after = lstatSync(join(now, path), { throwIfNoEntry: false });
    if (after === undefined) found.D.push(path);
    else if (before.isDirectory() && after.isDirectory()) {
      if (before.mode !== after.mode) found.M.push(path);
      compare(image, now, path, found);
    } else if (!isSame(join(image, path), before, join(now, path), after)) found.M.push(path);
  }
  for (const name of readdirSync(join(now, at)).toSorted()) added(image, now, join(at, name), found);
}

function added(image: string, now: string, path: string, found: Found): void {
  if (existsAs(join(image, path))) return;
  found.A.push(path);
  if (!lstatSync(join(now, path)).isDirectory()) return;
  for (const name of readdirSync(join(now, path)).toSorted()) added(image, now, join(path, name), found);
}

function existsAs(path: string): boolean {
  return existsSync(path) || lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Kind, permissions and content; times do not count. */
function isSame(image: string, before: Stats, now: string, after: Stats): boolean {
  if (before.mode !== after.mode) return false;
  if (before.isSymbolicLink()) return readlinkSync(image) === readlinkSync(now);
  return !before.isFile() || readFileSync(image).equals(readFileSync(now));
}
