/** One step of a compiled pattern. */
export type Instruction =
  | { readonly op: 'char'; readonly test: (code: number) => boolean }
  | { readonly op: 'split'; readonly first: number; readonly second: number }
  | { readonly op: 'jump'; readonly to: number }
  | { readonly op: 'save'; readonly slot: number }
  | { readonly op: 'assert'; readonly holds: (text: string, offset: number) => boolean }
  | { readonly op: 'match' };

const MAX_PROGRAM = 5000;
const MAX_REPEAT = 1000;

interface Compiler {
  readonly pattern: string;
  at: number;
  groups: number;
  readonly flags: string;
}

/** Pieces are made with jumps relative to their own start, so that a counted repetition can copy them. */
type Piece = readonly Instruction[];

class PatternError extends Error {}

/** Compiles a pattern of RE2's common subset (no look-around, no back references), or says in words what is wrong. */
export function compileRegex(
  pattern: string,
): { readonly program: readonly Instruction[]; readonly groups: number } | string {
  const flags = /^\(\?([ims]+)\)/.exec(pattern);
  const compiler: Compiler = { pattern, at: flags?.[0].length ?? 0, groups: 0, flags: flags?.[1] ?? '' };
  try {
    const body = alternatives(compiler);
    if (compiler.at < pattern.length) throw new PatternError('a ")" has no "("');
    const program = join([{ op: 'save', slot: 0 }], body, [{ op: 'save', slot: 1 }, { op: 'match' }]);
    return { program, groups: compiler.groups };
  } catch (error) {
    if (error instanceof PatternError || error instanceof SyntaxError) return error.message;
    throw error;
  }
}

function join(...pieces: readonly Piece[]): Piece {
  const joined: Instruction[] = [];
  for (const piece of pieces) {
    const by = joined.length;
    for (const instruction of piece) joined.push(moved(instruction, by));
    if (joined.length > MAX_PROGRAM) throw new PatternError('the pattern is too large');
  }
  return joined;
}

function moved(instruction: Instruction, by: number): Instruction {
  if (instruction.op === 'jump') return { op: 'jump', to: instruction.to + by };
  if (instruction.op === 'split')
    return { op: 'split', first: instruction.first + by, second: instruction.second + by };
  return instruction;
}

function alternatives(compiler: Compiler): Piece {
  const first = sequence(compiler);
  if (compiler.pattern[compiler.at] !== '|') return first;
  compiler.at += 1;
  const rest = alternatives(compiler);
  const split: Instruction = { op: 'split', first: 1, second: first.length + 2 };
  return join([split], first, [{ op: 'jump', to: rest.length + 1 }], rest);
}

function sequence(compiler: Compiler): Piece {
  const parts: Piece[] = [];
  while (compiler.at < compiler.pattern.length && !'|)'.includes(compiler.pattern.charAt(compiler.at))) {
    parts.push(repeated(compiler, atom(compiler)));
  }
  return join(...parts);
}

function repeated(compiler: Compiler, piece: Piece): Piece {
  const found = /^(?:[*+?]|\{(\d+)(?:,(\d*))?\})(\??)/.exec(compiler.pattern.slice(compiler.at));
  if (found === null) return piece;
  compiler.at += found[0].length;
  if (/^(?:[*+?]|\{\d)/.test(compiler.pattern.slice(compiler.at)))
    throw new PatternError('a repetition of a repetition');
  const { least, most } = bounds(found);
  const isTooMany = (count: number) => count > MAX_REPEAT && count !== Infinity;
  if (isTooMany(least) || isTooMany(most) || most < least) {
    throw new PatternError(`a repetition counts up to ${MAX_REPEAT}, the smaller number first`);
  }
  return counted(piece, least, most, found[3] === '?');
}

function bounds([sign, low, high]: readonly (string | undefined)[]): { least: number; most: number } {
  if (low === undefined)
    return { least: sign?.startsWith('+') === true ? 1 : 0, most: sign?.startsWith('?') === true ? 1 : Infinity };
  const isExact = sign?.includes(',') === false;
  return { least: Number(low), most: isExact ? Number(low) : high === '' ? Infinity : Number(high) };
}

function counted(piece: Piece, least: number, most: number, lazy: boolean): Piece {
  const parts = Array.from({ length: least }, () => piece);
  if (most === Infinity) return join(...parts, star(piece, lazy));
  return join(...parts, ...Array.from({ length: most - least }, () => maybe(piece, lazy)));
}

function choice(inside: number, outside: number, lazy: boolean): Instruction {
  return lazy ? { op: 'split', first: outside, second: inside } : { op: 'split', first: inside, second: outside };
}

function star(piece: Piece, lazy: boolean): Piece {
  // The jump goes back past the body to the split.
  return [...join([choice(1, piece.length + 2, lazy)], piece), { op: 'jump', to: 0 }];
}

function maybe(piece: Piece, lazy: boolean): Piece {
  return join([choice(1, piece.length + 1, lazy)], piece);
}

function atom(compiler: Compiler): Piece {
  const char = compiler.pattern.charAt(compiler.at);
  if (char === '(') return group(compiler);
  if (char === '[') return [characters(compiler, characterClass(compiler))];
  if (char === '^' || char === '$') {
    compiler.at += 1;
    return [edge(char, compiler.flags.includes('m'))];
  }
  if (char === '\\') return escape(compiler);
  if ('*+?{'.includes(char)) throw new PatternError(`nothing stands before "${char}"`);
  const symbol = String.fromCodePoint(compiler.pattern.codePointAt(compiler.at) ?? 0);
  compiler.at += symbol.length;
  return [characters(compiler, char === '.' ? '.' : `\\u{${(symbol.codePointAt(0) ?? 0).toString(16)}}`)];
}

function group(compiler: Compiler): Piece {
  const opening = /^\((\?:|\?P?<[A-Za-z]\w*>|\?)?/.exec(compiler.pattern.slice(compiler.at));
  const kind = opening?.[1];
  if (kind === '?') throw new PatternError('"(?" can only begin "(?:" or a named group');
  compiler.at += opening?.[0].length ?? 1;
  const number = kind === '?:' ? 0 : (compiler.groups += 1);
  const body = alternatives(compiler);
  if (compiler.pattern[compiler.at] !== ')') throw new PatternError('a "(" is not closed');
  compiler.at += 1;
  return number === 0 ? body : join([{ op: 'save', slot: 2 * number }], body, [{ op: 'save', slot: 2 * number + 1 }]);
}

function characterClass(compiler: Compiler): string {
  const found = /^\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]/su.exec(compiler.pattern.slice(compiler.at));
  if (found === null) throw new PatternError('a "[" is not closed');
  compiler.at += found[0].length;
  if (found[0].includes('[:')) throw new PatternError('classes such as [:alpha:] are not known, write a-zA-Z');
  // What the host language would refuse in a class, and regular expressions elsewhere take literally.
  return found[0]
    .replace(/^(\[\^?)\]/, '$1\\]')
    .replaceAll(/(?!^)\[/g, '\\[')
    .replaceAll(/\\([^\w\s^$\\.*+?()[\]{}|/-])/gu, '$1');
}

function escape(compiler: Compiler): Piece {
  const found = /^\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[pP]\{[\w=]+\}|[dDwWsSnrtfv]|[bBAz]|[^\w])/u.exec(
    compiler.pattern.slice(compiler.at),
  );
  if (found === null)
    throw new PatternError(`the escape "${compiler.pattern.slice(compiler.at, compiler.at + 2)}" is not known`);
  const [text] = found;
  compiler.at += text.length;
  const letter = text.charAt(1);
  if (letter === 'b' || letter === 'B') return [boundary(letter === 'b')];
  if (letter === 'A' || letter === 'z') return [edge(letter === 'A' ? '^' : '$', false)];
  return [characters(compiler, /^\w/.test(letter) ? text : `\\u{${(text.codePointAt(1) ?? 0).toString(16)}}`)];
}

/** A test for one character, made of the host language's own class syntax: single characters cannot run away. */
function characters(compiler: Compiler, source: string): Instruction {
  const one = new RegExp(
    `^${source}$`,
    `u${compiler.flags.includes('i') ? 'i' : ''}${compiler.flags.includes('s') ? 's' : ''}`,
  );
  const ascii = Array.from({ length: 128 }, (_, code) => one.test(String.fromCharCode(code)));
  return { op: 'char', test: (code) => ascii[code] ?? one.test(String.fromCodePoint(code)) };
}

function edge(sign: string, lines: boolean): Instruction {
  if (sign === '^') return { op: 'assert', holds: (text, at) => at === 0 || (lines && text[at - 1] === '\n') };
  return { op: 'assert', holds: (text, at) => at === text.length || (lines && text[at] === '\n') };
}

function boundary(wanted: boolean): Instruction {
  return { op: 'assert', holds: (text, at) => (isWord(text[at - 1]) !== isWord(text[at])) === wanted };
}

function isWord(char: string | undefined): boolean {
  return char !== undefined && /\w/.test(char);
}
