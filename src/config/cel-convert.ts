import type { Node, ParseTrouble, Span } from './cel-ast.ts';
import { callNode, macroNode } from './cel-convert-call.ts';
import type { Ast } from './cel-parser.ts';

/** The parser's node as ours; what we do not take is added to `found`. */
export function convert(ast: Ast, found: ParseTrouble[]): Node {
  const span = { from: ast.start, to: ast.end };
  const inner = (one: Ast) => convert(one, found);
  switch (ast.op) {
    case 'value':
      return literal(ast.args, span, found);
    case 'id':
      return { op: 'name', name: ast.args, ...span };
    case '.':
    case '.?':
      return { op: 'field', of: inner(ast.args[0]), key: ast.args[1], optional: ast.op === '.?', ...span };
    case '[]':
    case '[?]':
      return { op: 'index', of: inner(ast.args[0]), index: inner(ast.args[1]), optional: ast.op === '[?]', ...span };
    case 'list':
      return { op: 'list', items: ast.args.map(inner), ...span };
    case 'map':
      return { op: 'map', entries: ast.args.map(([key, value]) => [inner(key), inner(value)] as const), ...span };
    case 'call':
      return callNode(ast.args[0], undefined, ast.args[1].map(inner), span, found);
    case 'rcall':
      return (
        macroNode(ast.args, span, inner, found) ??
        callNode(ast.args[0], inner(ast.args[1]), ast.args[2].map(inner), span, found)
      );
    default:
      return operator(ast, span, inner);
  }
}

type Operator = Exclude<Ast, { op: 'value' | 'id' | '.' | '.?' | '[]' | '[?]' | 'list' | 'map' | 'call' | 'rcall' }>;

function operator(ast: Operator, span: Span, inner: (one: Ast) => Node): Node {
  switch (ast.op) {
    case '!_':
      return { op: 'not', of: inner(ast.args), ...span };
    case '-_':
      return { op: 'minus', of: inner(ast.args), ...span };
    case '?:':
      return { op: 'if', test: inner(ast.args[0]), yes: inner(ast.args[1]), no: inner(ast.args[2]), ...span };
    case '&&':
    case '||':
      return { op: ast.op === '&&' ? 'and' : 'or', left: inner(ast.args[0]), right: inner(ast.args[1]), ...span };
    default:
      return { op: 'binary', sign: ast.op, left: inner(ast.args[0]), right: inner(ast.args[1]), ...span };
  }
}

function literal(value: unknown, span: Span, found: ParseTrouble[]): Node {
  if (typeof value === 'bigint') {
    if (!Number.isSafeInteger(Number(value)))
      found.push({ message: 'the number has more digits than can be kept', ...span });
    return { op: 'value', value: Number(value), ...span };
  }
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return { op: 'value', value, ...span };
  }
  const hint = 'write "text" and 5 instead of b"text" and 5u';
  found.push({ message: 'bytes and unsigned numbers are not used here', hint, ...span });
  return { op: 'value', value: null, ...span };
}
