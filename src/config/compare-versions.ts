/**
 * How rpm orders two versions: runs of digits as numbers, runs of letters as text, digits after letters; `~` sorts
 * before everything, even the end; `^` after the end, but before further parts. Gives -1, 0 or 1.
 */
export function compareVersions(a: string, b: string): number {
  const left = partsOf(a);
  const right = partsOf(b);
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const [one, other] = [left[i] ?? '', right[i] ?? ''];
    const difference = rank(one) - rank(other) || compareAlike(one, other);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}

function partsOf(version: string): string[] {
  return version.match(/\d+|[A-Za-z]+|~|\^/g) ?? [];
}

/** The order of parts of different kinds; the end of a version is the empty part. */
function rank(part: string): number {
  if (part === '~') return 0;
  if (part === '') return 1;
  if (part === '^') return 2;
  return /^\d/.test(part) ? 4 : 3;
}

function compareAlike(a: string, b: string): number {
  if (!/^\d/.test(a)) return a === b ? 0 : a < b ? -1 : 1;
  const [left, right] = [BigInt(a), BigInt(b)];
  return left === right ? 0 : left < right ? -1 : 1;
}
