import { ParseError } from '@marcbachmann/cel-js';
import type { Node, ParseTrouble, Span } from './cel-ast.ts';
import { convert } from './cel-convert.ts';
import { parser } from './cel-parser.ts';

const MAX_LENGTH = 20_000;

/** Parses CEL; every function is known and called with a right number of arguments afterwards. */
export function parseCel(text: string): { readonly node: Node } | { readonly trouble: ParseTrouble } {
  if (text.length > MAX_LENGTH) {
    return { trouble: { message: `an expression has at most ${MAX_LENGTH} characters`, from: 0, to: 1 } };
  }
  const found: ParseTrouble[] = [];
  try {
    const node = convert(parser.parse(text).ast, found);
    const [trouble] = found;
    return trouble === undefined ? { node } : { trouble };
  } catch (error) {
    if (error instanceof ParseError) return { trouble: inOurWords(error, text) };
    throw error;
  }
}

/** The library's own sentences are for programmers; these are for people who wrote a condition. */
function inOurWords(error: ParseError, text: string): ParseTrouble {
  if (text.trim() === '') return { message: 'an expression is expected', from: 0, to: 1 };
  const { start = 0, end = start + 1 } = error.range ?? {};
  const from = Math.min(start, text.length);
  const to = Math.max(from + 1, Math.min(end, text.length));
  const found = /^(?:\w+|\S)/.exec(text.slice(from))?.[0] ?? '';
  return { ...saidOf(error, { text, from, to, found }), from, to };
}

interface Spot extends Span {
  readonly text: string;
  readonly found: string;
}

function saidOf(error: ParseError, { text, from, to, found }: Spot): { message: string; hint?: string } {
  switch (error.code) {
    case 'unterminated_string':
    case 'unterminated_triple_quoted_string':
      return { message: 'a text is not closed', hint: `add the missing ${text.charAt(from)}` };
    case 'invalid_escape_sequence':
      return {
        message: `the escape "${text.slice(from, to)}" is not known`,
        hint: 'write \\\\ for a backslash, or r"…" for raw text',
      };
    case 'reserved_identifier':
      return { message: `"${found}" is a reserved word` };
    case 'invalid_macro_argument':
      return { message: 'a name for the element is expected here', hint: 'write: list.map(x, x + 1)' };
    case 'unexpected_token':
    case 'unexpected_character':
    case 'expected_token':
      if (found === '=') return { message: 'one "=" compares nothing', hint: 'write ==' };
      return { message: found === '' ? 'the expression ends too early' : `"${found}" is not expected here` };
    default:
      if (/^exceeded max/i.test(error.summary))
        return { message: 'the expression is too large', hint: 'put parts of it into variables' };
      return { message: error.summary.charAt(0).toLowerCase() + error.summary.slice(1) };
  }
}
