import { isBareIPv6 } from './address.ts';

/** A term of a host pattern and where it begins in the pattern. */
export interface Term {
  /** `&` keeps only these hosts, `!` removes them, '' adds them. */
  readonly sign: '' | '&' | '!';
  readonly text: string;
  readonly offset: number;
}

/**
 * Splits a host pattern into its terms. `,`, `:` and white space all separate, and may be mixed; not inside brackets, not
 * inside the parentheses and braces of a regular expression, and a known name or IPv6 address stays whole.
 */
export function splitPattern(pattern: string, isName: (text: string) => boolean): readonly Term[] {
  const terms: Term[] = [];
  for (const piece of pieces(pattern, 0, /[,\s]/)) {
    if (isWhole(piece.text, isName)) terms.push(piece);
    else terms.push(...pieces(pattern.slice(0, end(piece)), piece.offset - piece.sign.length, /[:]/));
  }
  return terms;
}

function end({ text, offset }: Term): number {
  return offset + text.length;
}

function isWhole(text: string, isName: (text: string) => boolean): boolean {
  return isName(text) || isBareIPv6(text.replace(/\[-?\d+(?::\d*)?\]$/, ''));
}

/** Pieces between separators that stand outside brackets; empty ones are left out. */
function pieces(text: string, from: number, separator: RegExp): readonly Term[] {
  const found: Term[] = [];
  let start = from;
  let depth = 0;
  for (let at = from; at <= text.length; at += 1) {
    const char = text.charAt(at);
    if (at === text.length || (depth === 0 && separator.test(char))) {
      const term = termOf(text.slice(start, at), start);
      if (term !== undefined) found.push(term);
      start = at + 1;
    } else if (char === '\\' && isRegex(text.slice(start, at))) {
      at += 1;
    } else {
      depth = Math.max(0, depth + nesting(char, isRegex(text.slice(start, at))));
    }
  }
  return found;
}

function isRegex(begun: string): boolean {
  return /^[&!]?~/.test(begun);
}

function nesting(char: string, regex: boolean): number {
  if (char === '[' || (regex && (char === '(' || char === '{'))) return 1;
  return char === ']' || (regex && (char === ')' || char === '}')) ? -1 : 0;
}

function termOf(text: string, offset: number): Term | undefined {
  const sign = text.startsWith('&') ? '&' : text.startsWith('!') ? '!' : '';
  const bare = text.slice(sign.length);
  return bare === '' ? undefined : { sign, text: bare, offset: offset + sign.length };
}
