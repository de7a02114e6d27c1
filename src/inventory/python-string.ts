const PREFIX = /^(?:[rR]|[uU]|[bB]|[bB][rR]|[rR][bB])?(?='|")/;
const SIMPLE: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
};

/** The Python string at the beginning of a text, escapes undone, and how long it is; undefined where there is none. */
export function readString(text: string): { value: string; length: number } | undefined {
  const prefix = PREFIX.exec(text)?.[0];
  if (prefix === undefined) return undefined;
  const body = text.slice(prefix.length);
  const quote = /^(?:'''|"""|'|")/.exec(body)?.[0] ?? '';
  const raw = /r/i.test(prefix);
  let value = '';
  let at = quote.length;
  while (!body.startsWith(quote, at)) {
    const char = body[at];
    if (char === undefined || (char === '\n' && quote.length === 1)) return undefined;
    if (char !== '\\') {
      value += char;
      at += 1;
      continue;
    }
    const escape = raw ? rawEscape(body, at) : readEscape(body, at);
    if (escape === undefined) return undefined;
    value += escape.value;
    at += escape.length;
  }
  return { value, length: prefix.length + at + quote.length };
}

function rawEscape(body: string, at: number): { value: string; length: number } | undefined {
  return at + 1 < body.length ? { value: body.slice(at, at + 2), length: 2 } : undefined;
}

function readEscape(body: string, at: number): { value: string; length: number } | undefined {
  const next = body[at + 1];
  if (next === undefined || next === 'N') return undefined;
  const simple = SIMPLE[next];
  if (simple !== undefined) return { value: simple, length: 2 };
  const octal = /^[0-7]{1,3}/.exec(body.slice(at + 1, at + 4))?.[0];
  if (octal !== undefined) {
    return { value: String.fromCodePoint(Number.parseInt(octal, 8)), length: 1 + octal.length };
  }
  const digits = ({ x: 2, u: 4, U: 8 } as const)[next];
  if (digits === undefined) return { value: `\\${next}`, length: 2 };
  const hex = body.slice(at + 2, at + 2 + digits);
  const code = Number.parseInt(hex, 16);
  if (!new RegExp(`^[0-9a-fA-F]{${digits}}$`).test(hex) || code > 0x10ffff) return undefined;
  return { value: String.fromCodePoint(code), length: 2 + digits };
}
