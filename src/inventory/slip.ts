/** One letter too many, missing or wrong, or two neighbours swapped. */
export function isSlip(word: string, meant: string): boolean {
  if (Math.abs(word.length - meant.length) > 1) return false;
  let from = 0;
  while (from < word.length && word[from] === meant[from]) from += 1;
  let end = 0;
  while (end < Math.min(word.length, meant.length) - from && word.at(-1 - end) === meant.at(-1 - end)) end += 1;
  const left = word.slice(from, word.length - end);
  const right = meant.slice(from, meant.length - end);
  if (left.length <= 1 && right.length <= 1) return left !== right;
  return left.length === 2 && right.length === 2 && left === `${right[1]}${right[0]}`;
}
