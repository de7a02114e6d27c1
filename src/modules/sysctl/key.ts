/**
 * The path below /proc/sys that a key means (sysctl.d(5)): the separator that comes first separates, the other one is part of
 * a name and stands for it.
 */
export function pathOf(key: string): string {
  return /^[^./]*\./.test(key) ? swap(key) : key;
}

/** The key of a path, with dots. */
export function keyOf(path: string): string {
  return swap(path);
}

function swap(text: string): string {
  return text.replaceAll(/[./]/g, (one) => (one === '.' ? '/' : '.'));
}

/** Whether the kernel prints for `now` what `wished` was written as: blanks do not count, nor the base of a number. */
export function isSame(wished: string, now: string): boolean {
  const [a, b] = [wordsOf(wished), wordsOf(now)];
  return a.length === b.length && a.every((word, index) => isSameWord(word, b[index] ?? ''));
}

function wordsOf(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function isSameWord(wished: string, now: string): boolean {
  return wished === now || (/^-?\d+$/.test(now) && numberOf(wished) === now);
}

/** A number as strtol with base 0 reads it, in decimal digits. */
function numberOf(word: string): string {
  const [, sign = '', digits = ''] = /^(-?)(0x[0-9a-f]+|\d+)$/i.exec(word) ?? [];
  if (digits === '') return word;
  const octal = /^0[0-7]+$/.test(digits);
  return sign + BigInt(octal ? `0o${digits.slice(1)}` : digits).toString();
}
