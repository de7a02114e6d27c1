/** True for text that is more than a plain name: `* ? [abc] [!x]`. */
export function isGlob(text: string): boolean {
  return /[*?[]/.test(text);
}

/** A shell glob as a test of whole names: `*`, `?`, `[a-c]`, `[!x]`; a `[` that is not closed stands for itself. */
export function globTest(glob: string): (name: string) => boolean {
  let source = '';
  let at = 0;
  while (at < glob.length) {
    const char = glob.charAt(at);
    const end = char === '[' ? classEnd(glob, at) : -1;
    if (end > 0) {
      source += characterClass(glob.slice(at + 1, end));
      at = end + 1;
      continue;
    }
    source += char === '*' ? '.*' : char === '?' ? '.' : escape(char);
    at += 1;
  }
  const regex = new RegExp(`^(?:${source})$`, 's');
  return (name) => regex.test(name);
}

/**
 * A regular expression as a test of how names begin, in Python's habits: `\A`, `\Z`, `(?i)` and `(?P<name>…)` are
 * understood. Undefined when it is none.
 */
export function regexTest(written: string): ((name: string) => boolean) | undefined {
  const folded = written.startsWith('(?i)');
  const source = (folded ? written.slice(4) : written)
    .replaceAll('(?P<', '(?<')
    .replace(/(?<!\\)((?:\\\\)*)\\A/g, '$1^')
    .replace(/(?<!\\)((?:\\\\)*)\\Z/g, '$1$');
  try {
    const regex = new RegExp(source, folded ? 'iy' : 'y');
    return (name) => {
      regex.lastIndex = 0;
      return regex.test(name);
    };
  } catch {
    return undefined;
  }
}

function classEnd(glob: string, open: number): number {
  const first = glob[open + 1] === '!' ? open + 2 : open + 1;
  return glob.indexOf(']', first + 1);
}

function characterClass(inside: string): string {
  const negated = inside.startsWith('!');
  const members = (negated ? inside.slice(1) : inside).replace(/[\\\]^[&~|]/g, '\\$&');
  return rangesMakeSense(members) ? `[${negated ? '^' : ''}${members}]` : negated ? '.' : '(?!)';
}

/** A range such as `z-a` holds nothing. */
function rangesMakeSense(members: string): boolean {
  try {
    return new RegExp(`[${members}]`) instanceof RegExp;
  } catch {
    return false;
  }
}

function escape(char: string): string {
  return char.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
}
