import { Composer, Lexer, Parser, type ParsedNode, type YAMLParseError, type YAMLWarning } from 'yaml';
import type { Problem } from '../core/problem.ts';
import type { LinePlaces } from './line-places.ts';

const MAX_DEPTH = 100;
const MAX_LEXEMES = 500_000;
const MAX_SHOWN = 20;

/** The nodes of one YAML document, or what keeps the text from being one. */
export interface Composed {
  readonly contents: ParsedNode | null;
  readonly problems: readonly Problem[];
}

/** Composes a text to nodes. Deep nesting and floods of syntax are refused before anything recursive sees them. */
export function composeYaml(text: string, places: LinePlaces): Composed {
  const composer = new Composer({ version: '1.2', uniqueKeys: false, prettyErrors: false, customTags: [SECRET] });
  const parser = new Parser();
  let lexemes = 0;
  const documents = [];
  for (const lexeme of new Lexer().lex(text)) {
    lexemes += 1;
    for (const token of parser.next(lexeme)) documents.push(...composer.next(token));
    if (documents.length > 1) break;
    if (parser.stack.length > 2 * MAX_DEPTH) return refused(places.at(parser.offset), 'nested deeper than 100 levels');
    if (lexemes > MAX_LEXEMES) return refused(places.at(parser.offset), 'more pieces than a file may have');
  }
  for (const token of parser.end()) documents.push(...composer.next(token));
  documents.push(...composer.end());
  const [first, second] = documents;
  if (first === undefined) return { contents: null, problems: [] };
  const problems = [...first.errors, ...first.warnings]
    .slice(0, MAX_SHOWN)
    .map((found) => explain(found, text, places));
  if (problems.length === 0 && second !== undefined) problems.push(severalDocuments(places.at(second.range[0], 3)));
  return { contents: first.contents, problems };
}

/** `!secret path`: the scalar is a file name; the values make a Secret of it. */
const SECRET = { tag: '!secret', resolve: (path: string) => path };

function refused(at: ReturnType<LinePlaces['at']>, what: string): Composed {
  return { contents: null, problems: [{ code: 'E_LIMIT', message: `the YAML is ${what}`, at }] };
}

function severalDocuments(at: ReturnType<LinePlaces['at']>): Problem {
  return {
    code: 'E_YAML',
    message: 'one YAML document is expected, a second one begins here',
    hint: 'remove the "---" and write everything as one list',
    at,
  };
}

function explain(found: YAMLParseError | YAMLWarning, text: string, places: LinePlaces): Problem {
  const [from, to] = found.pos;
  if (found.code === 'TAG_RESOLVE_FAILED') return unknownTag(text.slice(from, to), places.at(from, to - from));
  const { offset, length } = betterSpot(found, text);
  const at = places.at(offset, length);
  if (/(?<!\$)\{\{/.test(at.text ?? '')) {
    const hint = 'write ${{ vars.name }} instead of {{ name }}, and quote the whole value';
    return { code: 'E_ANSIBLE', message: 'unquoted "{{ }}" is a mapping in YAML', hint, at };
  }
  const { message, hint } = words(found);
  const quoted = (at.text ?? '').includes('${{') ? 'quote the whole value: it holds ": ", " #" or stands in [ ]' : hint;
  return { code: 'E_YAML', message, at, ...(quoted === undefined ? {} : { hint: quoted }) };
}

/** The parser tells where it gave up; people want to see what was left open, or the first character of the line. */
function betterSpot(
  { message, pos: [from, to] }: YAMLParseError | YAMLWarning,
  text: string,
): { offset: number; length: number } {
  const quote = /^Missing closing (["'])/.exec(message)?.[1];
  if (quote !== undefined) return { offset: Math.max(0, text.lastIndexOf(quote, from - 1)), length: 1 };
  if (/^Flow (?:map|sequence)|^Expected flow/.test(message)) {
    const open = openBracket(text, from);
    if (open !== undefined) return { offset: open, length: 1 };
  }
  const blank = /^ *(?=\S)/.exec(text.slice(from))?.[0].length ?? 0;
  return { offset: from + blank, length: Math.max(1, to - from - blank) };
}

function openBracket(text: string, from: number): number | undefined {
  let depth = 0;
  for (let at = from - 1; at >= 0; at -= 1) {
    const char = text.charAt(at);
    if (char === ']' || char === '}') depth += 1;
    else if (char === '[' || char === '{') depth -= 1;
    if (depth < 0) return at;
  }
  return undefined;
}

function unknownTag(found: string, at: ReturnType<LinePlaces['at']>): Problem {
  const tag = /^!\S*/.exec(found)?.[0] ?? found;
  if (tag === '!vault') {
    return {
      code: 'E_ANSIBLE',
      message: '"!vault" values cannot be read',
      hint: 'put the value in a file of its own with mode 0600 and write: !secret path/to/file',
      at: { ...at, length: tag.length },
    };
  }
  return {
    code: tag === '!unsafe' ? 'E_ANSIBLE' : 'E_YAML',
    message: `the tag "${tag}" is not known, only "!secret" is`,
    hint: tag === '!unsafe' ? 'leave it out: only ${{ }} is evaluated' : `leave "${tag}" out`,
    at: { ...at, length: tag.length },
  };
}

/** The words for the mistakes people really make; the library's own first sentence for the rest. */
function words({ code, message }: YAMLParseError | YAMLWarning): { message: string; hint?: string } {
  if (message.startsWith('Missing closing'))
    return { message: 'a quote is not closed', hint: 'close it at the end of the text' };
  if (/^Flow (?:map|sequence)|^Expected flow/.test(message))
    return { message: 'a bracket is not closed', hint: 'close it, further lines indented' };
  if (/without - indicator|must be indented|same column/.test(message)) return MISALIGNED;
  switch (code) {
    case 'TAB_AS_INDENT':
      return { message: 'a tab cannot be used as indentation', hint: 'indent with spaces' };
    case 'BAD_INDENT':
      return MISALIGNED;
    case 'BLOCK_AS_IMPLICIT_KEY':
      return { message: 'a second ": " in one line', hint: 'quote the value that holds ": "' };
    case 'MISSING_CHAR':
    case 'MULTILINE_IMPLICIT_KEY':
    case 'UNEXPECTED_TOKEN':
      return { message: lower(message), hint: 'check the ":" and "-" with their spaces, quotes and indentation here' };
    default:
      return { message: lower(message) };
  }
}

const MISALIGNED = {
  message: 'the indentation fits neither the lines above nor a new level',
  hint: 'give things that belong together the same indentation',
};

function lower(message: string): string {
  const [first = ''] = message.split('\n', 1);
  return first.charAt(0).toLowerCase() + first.slice(1).replace(/ at line .*$/, '');
}
