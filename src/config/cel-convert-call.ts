import { didYouMean } from '../core/nearest.ts';
import type { EachMacro, Node, ParseTrouble, Span } from './cel-ast.ts';
import { acceptsCount, FUNCTIONS, functionsNamed, signature } from './cel-functions.ts';
import type { Ast } from './cel-parser.ts';
import { regexOf } from './regex.ts';

const EACH: ReadonlyMap<string, EachMacro> = new Map(
  (['all', 'exists', 'exists_one', 'map', 'filter', 'sortBy'] as const).map((macro) => [macro, macro]),
);

/** What is called like a function or method but is none: its arguments are not all evaluated. */
const SPECIAL: readonly string[] = ['has', 'default', 'orValue', 'hasValue', ...EACH.keys()];

/** A macro over a list such as `list.map(x, …)`; undefined when the call is none. */
export function macroNode(
  [name, receiver, args]: readonly [string, Ast, readonly Ast[]],
  span: Span,
  inner: (one: Ast) => Node,
  found: ParseTrouble[],
): Node | undefined {
  const macro = EACH.get(name);
  const [variable, second, third] = args;
  if (macro === undefined || variable === undefined || second === undefined) return undefined;
  const where = macro === 'map' && third !== undefined ? inner(second) : undefined;
  const body = inner(where === undefined ? second : (third ?? second));
  return { op: 'each', macro, over: inner(receiver), name: boundName(variable, found), where, body, ...span };
}

/** A call of a function or method, or of what looks like one; what is wrong with it is added to `found`. */
export function callNode(
  name: string,
  receiver: Node | undefined,
  args: readonly Node[],
  span: Span,
  found: ParseTrouble[],
): Node {
  const special = specialNode(name, receiver, args, span);
  if (special !== undefined) return special;
  const problem = callProblem(name, receiver !== undefined, args, span) ?? patternProblem(name, args);
  if (problem !== undefined) found.push(problem);
  return { op: 'call', name, receiver, args, ...span };
}

function specialNode(name: string, receiver: Node | undefined, args: readonly Node[], span: Span): Node | undefined {
  const [one, two] = args;
  if (receiver === undefined) {
    if (name === 'has' && one !== undefined && two === undefined) return { op: 'has', of: one, ...span };
    if (name !== 'default' || one === undefined || two === undefined) return undefined;
    return { op: 'default', of: one, fallback: two, ...span };
  }
  if (name === 'hasValue' && one === undefined) return { op: 'has', of: receiver, ...span };
  return name === 'orValue' && one !== undefined ? { op: 'default', of: receiver, fallback: one, ...span } : undefined;
}

function boundName(ast: Ast, found: ParseTrouble[]): string {
  if (ast.op === 'id') return ast.args;
  const hint = 'write: list.map(x, x + 1)';
  found.push({ message: 'a name for the element is expected here', hint, from: ast.start, to: ast.end });
  return '';
}

function callProblem(name: string, isMethod: boolean, args: readonly Node[], span: Span): ParseTrouble | undefined {
  const candidates = functionsNamed(name, isMethod);
  if (candidates.some((one) => acceptsCount(one, args.length))) return undefined;
  if (candidates.length > 0) {
    const forms = [...new Set(candidates.map(signature))].join(' or ');
    return { message: `${name} is called with ${args.length} arguments`, hint: `write ${forms}`, ...span };
  }
  const [other] = functionsNamed(name, !isMethod);
  if (other !== undefined)
    return { message: `${name} is not called this way`, hint: `write ${signature(other)}`, ...span };
  const guess = didYouMean(name, [...FUNCTIONS.map((one) => one.name), ...SPECIAL]);
  return { message: `there is no function "${name}"`, hint: guess ?? 'docs/playbook.md lists the functions', ...span };
}

function patternProblem(name: string, [pattern]: readonly Node[]): ParseTrouble | undefined {
  const takesPattern = ['matches', 'find', 'findAll', 'replaceRegex'].includes(name);
  if (!takesPattern || pattern?.op !== 'value' || typeof pattern.value !== 'string') return undefined;
  const compiled = regexOf(pattern.value);
  if (typeof compiled !== 'string') return undefined;
  return { message: `the regular expression is wrong: ${compiled}`, from: pattern.from, to: pattern.to };
}
