import { compileRegex, type Instruction } from './regex-compile.ts';

/** A compiled pattern that is matched in linear time: no pattern can make copse hang. */
export interface Regex {
  /** Capture offsets of the first match at or after `from`: `[from, to, group 1 from, …]`, -1 where a group took no part. */
  find(text: string, from: number): readonly number[] | undefined;
}

const cache = new Map<string, Regex | string>();
const MAX_CACHED = 500;

/** The compiled pattern, or in words why there is none. */
export function regexOf(pattern: string): Regex | string {
  const known = cache.get(pattern);
  if (known !== undefined) return known;
  const compiled = compileRegex(pattern);
  const made: Regex | string =
    typeof compiled === 'string'
      ? compiled
      : { find: (text, from) => run(compiled.program, compiled.groups, text, from) };
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(pattern, made);
  return made;
}

interface Thread {
  readonly at: number;
  readonly saved: readonly number[];
}

/** Pike's algorithm: all threads step through the text together, in order of preference, at most one per instruction. */
function run(
  program: readonly Instruction[],
  groups: number,
  text: string,
  from: number,
): readonly number[] | undefined {
  const begin: Thread = { at: 0, saved: Array.from({ length: 2 * (groups + 1) }, () => -1) };
  let threads: readonly Thread[] = [];
  let found: readonly number[] | undefined;
  for (let offset = from; offset <= text.length;) {
    const code = text.codePointAt(offset);
    const stop: Stop = { text, offset, visited: new Set(), ready: [] };
    for (const thread of threads) follow(program, thread, stop);
    if (found === undefined) follow(program, begin, stop);
    const matched = stop.ready.findIndex((thread) => program[thread.at]?.op === 'match');
    found = stop.ready[matched]?.saved ?? found;
    threads = advance(program, matched === -1 ? stop.ready : stop.ready.slice(0, matched), code);
    if (threads.length === 0 && found !== undefined) return found;
    offset += code !== undefined && code > 0xffff ? 2 : 1;
  }
  return found;
}

/** The threads that take the character. */
function advance(
  program: readonly Instruction[],
  ready: readonly Thread[],
  code: number | undefined,
): readonly Thread[] {
  if (code === undefined) return [];
  return ready.flatMap(({ at, saved }) => {
    const instruction = program[at];
    return instruction?.op === 'char' && instruction.test(code) ? [{ at: at + 1, saved }] : [];
  });
}

interface Stop {
  readonly text: string;
  readonly offset: number;
  readonly visited: Set<number>;
  readonly ready: Thread[];
}

/** Goes from a thread over everything that takes no character; what then waits for one is ready. */
function follow(program: readonly Instruction[], start: Thread, stop: Stop): void {
  const open: Thread[] = [start];
  for (let thread = open.pop(); thread !== undefined; thread = open.pop()) {
    const { at, saved } = thread;
    const instruction = program[at];
    if (instruction === undefined || stop.visited.has(at)) continue;
    stop.visited.add(at);
    if (instruction.op === 'char' || instruction.op === 'match') stop.ready.push(thread);
    else if (instruction.op === 'jump') open.push({ at: instruction.to, saved });
    else if (instruction.op === 'split') open.push({ at: instruction.second, saved }, { at: instruction.first, saved });
    else if (instruction.op === 'save') open.push({ at: at + 1, saved: saved.with(instruction.slot, stop.offset) });
    else if (instruction.holds(stop.text, stop.offset)) open.push({ at: at + 1, saved });
  }
}
