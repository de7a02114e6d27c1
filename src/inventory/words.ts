/** A word of a line and where it begins; `end` is where the next may begin. */
export interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Splits a line as a shell would, quotes and backslashes undone, and drops what follows a `#` outside quotes, also in the
 * middle of a word (Python's `shlex.split(comments=True)`, with which Ansible reads host lines). A string is the offset of
 * a quote that is not closed.
 */
export function splitWords(line: string, options: { readonly comments: boolean }): readonly Word[] | number {
  const words: Word[] = [];
  let at = 0;
  while (at < line.length) {
    if (/\s/.test(line.charAt(at))) {
      at += 1;
    } else if (options.comments && line[at] === '#') {
      break;
    } else {
      const word = readWord(line, at, options.comments);
      if (typeof word === 'number') return word;
      words.push(word);
      at = word.end;
    }
  }
  return words;
}

function readWord(line: string, start: number, comments: boolean): Word | number {
  let text = '';
  let at = start;
  while (at < line.length) {
    const char = line.charAt(at);
    if (/\s/.test(char) || (comments && char === '#')) break;
    if (char === '"' || char === "'") {
      const quoted = readQuoted(line, at);
      if (quoted === undefined) return at;
      text += quoted.text;
      at = quoted.end;
    } else if (char === '\\') {
      if (at + 1 === line.length) return at;
      text += line.charAt(at + 1);
      at += 2;
    } else {
      text += char;
      at += 1;
    }
  }
  return { text, start, end: at };
}

function readQuoted(line: string, start: number): { text: string; end: number } | undefined {
  const quote = line.charAt(start);
  let text = '';
  for (let at = start + 1; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (char === quote) return { text, end: at + 1 };
    const next = line.charAt(at + 1);
    if (quote === '"' && char === '\\' && (next === '"' || next === '\\')) {
      text += next;
      at += 1;
    } else {
      text += char;
    }
  }
  return undefined;
}
