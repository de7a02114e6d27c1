import type { Scalar } from 'yaml';

/** Offset in a scalar's source text of the character at `offset` of its value: escapes, folding and indentation undone. */
export function offsetInScalar(raw: string, value: string, type: Scalar['type'] | undefined, offset: number): number {
  const block = type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED';
  let at = block ? blockStart(raw) : type === 'PLAIN' ? 0 : 1;
  const indent = block ? (/^(?:[ \t]*\r?\n)*( *)/.exec(raw.slice(at))?.[1]?.length ?? 0) : 0;
  at += spacesAt(raw, at, indent);
  for (let i = 0; i < Math.min(offset, value.length); i += 1)
    at = step(raw, at, value[i] ?? '', { block, indent, type });
  return Math.min(at, raw.length);
}

function blockStart(raw: string): number {
  return raw.indexOf('\n') + 1;
}

interface Style {
  readonly block: boolean;
  readonly indent: number;
  readonly type: Scalar['type'] | undefined;
}

function step(raw: string, at: number, char: string, style: Style): number {
  if (char === '\n' && style.block) return skipLineEnd(raw, at, style.indent);
  if (char === ' ' || char === '\n') {
    const folded = (style.block ? /^[ \t]*\r?\n */ : /^(?:[ \t]*\r?\n)+[ \t]*/).exec(raw.slice(at, at + 4000));
    if (folded !== null) return at + folded[0].length;
  }
  if (style.type === 'QUOTE_DOUBLE' && raw[at] === '\\') return at + escapeLength(raw, at);
  if (style.type === 'QUOTE_SINGLE' && raw[at] === "'" && raw[at + 1] === "'") return at + 2;
  return at + 1;
}

function skipLineEnd(raw: string, at: number, indent: number): number {
  const newline = raw.indexOf('\n', at);
  if (newline === -1) return raw.length;
  return newline + 1 + spacesAt(raw, newline + 1, indent);
}

function spacesAt(raw: string, at: number, most: number): number {
  let count = 0;
  while (count < most && raw[at + count] === ' ') count += 1;
  return count;
}

function escapeLength(raw: string, at: number): number {
  const kind = raw[at + 1];
  if (kind === '\n' || kind === '\r') return /^\\\r?\n[ \t]*/.exec(raw.slice(at))?.[0].length ?? 2;
  const hex: Readonly<Record<string, number>> = { x: 4, u: 6, U: 10 };
  return hex[kind ?? ''] ?? 2;
}
