/** A piece of a text with `${{ }}` in it; `from` is its offset in the text, for expressions the offset of what is inside. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string; readonly from: number }
  | { readonly kind: 'expression'; readonly text: string; readonly from: number }
  | { readonly kind: 'unclosed'; readonly from: number };

/** Takes a text apart into plain pieces and `${{ }}`; quotes and braces inside an expression are minded. */
export function scanTemplate(text: string): readonly Piece[] {
  if (!text.includes('${{')) return [{ kind: 'text', text, from: 0 }];
  const pieces: Piece[] = [];
  let from = 0;
  for (let open = text.indexOf('${{'); open !== -1; open = text.indexOf('${{', from)) {
    if (open > from) pieces.push({ kind: 'text', text: text.slice(from, open), from });
    const close = closing(text, open + 3);
    if (close === -1) return [...pieces, { kind: 'unclosed', from: open }];
    pieces.push({ kind: 'expression', text: text.slice(open + 3, close), from: open + 3 });
    from = close + 2;
  }
  if (from < text.length) pieces.push({ kind: 'text', text: text.slice(from), from });
  return pieces;
}

/** Where the `}}` begins that closes what was opened before `from`; -1 when none does. Quotes and inner braces are minded. */
export function closing(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === '"' || char === "'") at = endOfQuoted(text, at);
    else if (char === '{') depth += 1;
    else if (char === '}' && depth > 0) depth -= 1;
    else if (char === '}' && text.charAt(at + 1) === '}') return at;
  }
  return -1;
}

function endOfQuoted(text: string, from: number): number {
  const quote = text.charAt(from);
  for (let at = from + 1; at < text.length; at += 1) {
    if (text.charAt(at) === '\\') at += 1;
    else if (text.charAt(at) === quote) return at;
  }
  return text.length;
}
