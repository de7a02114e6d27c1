/** What is wished of the kernel arguments. */
export interface KargsWish {
  /** Whole arguments that must be there. */
  readonly append: readonly string[];
  /** A key, which takes all its arguments away, or a whole `key=value`. */
  readonly delete: readonly string[];
  /** `key=value`: the key has this value and no other. */
  readonly replace: readonly string[];
}

/** What must change, as whole arguments. */
export interface KargsDelta {
  readonly gone: readonly string[];
  readonly added: readonly string[];
  /** Arguments that take the place of another one, where there is just one. */
  readonly swapped: readonly { readonly from: string; readonly to: string }[];
}

/** The arguments of a kernel command line; a part in double quotes is not taken apart. */
export function tokensOf(line: string): readonly string[] {
  return line.match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
}

/** The key of an argument: what stands before the first `=`. */
export function keyOf(token: string): string {
  return token.split('=', 1)[0] ?? '';
}

/** The difference between arguments and a wish, as rpm-ostree can be told it: it compares whole arguments, so we compare keys. */
export function kargsDelta(wish: KargsWish, have: readonly string[]): KargsDelta {
  const gone = have.filter((token) =>
    wish.delete.some((one) => (one.includes('=') ? token === one : keyOf(token) === one)),
  );
  const swapped: { from: string; to: string }[] = [];
  const added: string[] = [];
  for (const to of wish.replace) {
    const others = have.filter((token) => keyOf(token) === keyOf(to) && token !== to && !gone.includes(token));
    const [from] = others;
    if (from !== undefined && others.length === 1 && !have.includes(to)) swapped.push({ from, to });
    else {
      gone.push(...others);
      if (!have.includes(to)) added.push(to);
    }
  }
  added.push(...new Set(wish.append.filter((token) => !have.includes(token))));
  return { gone, added, swapped };
}

/** The arguments after a change. */
export function applyKargs({ gone, added, swapped }: KargsDelta, have: readonly string[]): readonly string[] {
  const kept = have.filter((token) => !gone.includes(token));
  return [...kept.map((token) => swapped.find(({ from }) => from === token)?.to ?? token), ...added];
}

/** True when nothing must change. */
export function isSameKargs({ gone, added, swapped }: KargsDelta): boolean {
  return gone.length + added.length + swapped.length === 0;
}

/**
 * The fewest options that make the change. `--replace` keeps the place of an argument, but it cannot stand beside `--delete`, and
 * reads a second `=` as the end of the old value.
 */
export function kargsOptions({ gone, added, swapped }: KargsDelta): readonly string[] {
  const canReplace = gone.length === 0 && swapped.every(({ from, to }) => isPlain(from) && isPlain(to));
  if (canReplace) return [...swapped.map(({ to }) => `--replace=${to}`), ...added.map((token) => `--append=${token}`)];
  const dropped = [...gone, ...swapped.map(({ from }) => from)];
  const put = [...swapped.map(({ to }) => to), ...added];
  return [...dropped.map((token) => `--delete=${token}`), ...put.map((token) => `--append=${token}`)];
}

function isPlain(token: string): boolean {
  return token.split('=').length === 2;
}
