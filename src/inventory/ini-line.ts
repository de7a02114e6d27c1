import type { LinePlaces } from '../config/line-places.ts';
import { emptyRecord, RESERVED_NAMES } from '../config/plain.ts';
import type { Problem } from '../core/problem.ts';
import type { Value } from '../core/value.ts';
import type { Draft, GroupDraft } from './draft.ts';
import { addHosts } from './hosts.ts';
import { pythonLiteral } from './python-literal.ts';
import { splitWords, type Word } from './words.ts';

/** A line without the space around it, and where it begins in the text. */
export interface IniLine {
  readonly text: string;
  readonly offset: number;
}

/** Reads `web[01:50]:2222 name=value other="a b"  # comment`. */
export function readHostLine(draft: Draft, line: IniLine, group: GroupDraft, places: LinePlaces): void {
  const words = splitWords(line.text, { comments: true });
  if (typeof words === 'number') {
    const at = places.at(line.offset + words);
    draft.problems.push({
      code: 'E_INVENTORY',
      message: `the quote here is not closed in "${line.text}"`,
      hint: 'close it, or put the whole value in the other kind of quotes',
      at,
    });
    return;
  }
  const [name, ...rest] = words;
  if (name === undefined) return;
  const { vars, problems } = assignments(line, rest, places);
  draft.problems.push(...problems);
  const at = places.at(line.offset + name.start, name.end - name.start);
  const place = (variable: string): ReturnType<typeof places.at> => {
    const word = rest.findLast(({ text }) => text.startsWith(`${variable}=`));
    return word === undefined ? at : places.at(line.offset + word.start, word.end - word.start);
  };
  addHosts(draft, name.text, { group, vars, at, place, form: 'ini' });
}

function assignments(
  line: IniLine,
  words: readonly Word[],
  places: LinePlaces,
): { vars: Record<string, Value> | undefined; problems: Problem[] } {
  if (words.length === 0) return { vars: undefined, problems: [] };
  const vars = emptyRecord<Value>();
  const problems: Problem[] = [];
  for (const word of withoutLooseEquals(words)) {
    const read = readAssignment(word.text);
    if ('wrong' in read) {
      const at = places.at(line.offset + word.start, word.end - word.start);
      problems.push({ code: 'E_INVENTORY', message: read.wrong, hint: read.hint, at });
    } else {
      vars[read.name] = read.value;
    }
  }
  return { vars, problems };
}

/** Joins `name = value`, which is wrong on a host line, so that it is one problem and not three. */
function withoutLooseEquals(words: readonly Word[]): readonly Word[] {
  const joined: Word[] = [];
  for (const word of words) {
    const before = joined.at(-1);
    const isLoose = word.text === '=' || before?.text.endsWith(' =') === true;
    if (before === undefined || !isLoose) joined.push(word);
    else joined.splice(-1, 1, { text: `${before.text} ${word.text}`, start: before.start, end: word.end });
  }
  return joined;
}

/** Reads a line of a `[group:vars]` section: everything after the first `=` is the value. */
export function readVariable(line: IniLine): Assigned {
  return readAssignment(line.text.replace(/\s*=\s*/, '='));
}

type Assigned = { readonly name: string; readonly value: Value } | { readonly wrong: string; readonly hint: string };

function readAssignment(text: string): Assigned {
  const equals = text.indexOf('=');
  if (equals === -1) {
    return { wrong: `name=value is expected, found "${text}"`, hint: 'put a value with spaces in quotes: name="a b"' };
  }
  const name = text.slice(0, equals);
  if (/^\S+ $/.test(name)) {
    return { wrong: `spaces around "=" in "${text}"`, hint: `write ${text.replace(/ ?= ?/, '=')}` };
  }
  if (name === '') return { wrong: `a variable has no name in "${text}"`, hint: 'write name=value without spaces' };
  if (RESERVED_NAMES.has(name)) return { wrong: `"${name}" cannot be used as a name`, hint: 'choose another name' };
  const written = text.slice(equals + 1);
  const value = pythonLiteral(written);
  return { name, value: value === undefined ? written : value };
}
