/** What `splitWords` found: the words, or why there are none. */
export type Words = { readonly words: readonly string[] } | { readonly wrong: string };

/**
 * Splits a command line at its blanks as a shell would, honouring quotes and backslashes and expanding nothing. What only
 * a shell can do (pipes, redirections, `$VAR`) is refused rather than passed on as an odd word.
 */
export function splitWords(text: string): Words {
  const words: string[] = [];
  let rest = text.trimStart();
  while (rest !== '') {
    const next = takeWord(rest);
    if ('wrong' in next) return next;
    words.push(next.word);
    rest = next.rest.trimStart();
  }
  return words.length === 0 ? { wrong: 'expected a command, found nothing' } : { words };
}

type Taken = { readonly word: string; readonly rest: string } | { readonly wrong: string };

function takeWord(text: string): Taken {
  let word = '';
  let at = 0;
  while (at < text.length && !/\s/.test(text[at] ?? '')) {
    const piece = takePiece(text.slice(at));
    if ('wrong' in piece) return piece;
    word += piece.text;
    at += piece.length;
  }
  return { word, rest: text.slice(at) };
}

function takePiece(text: string): { readonly text: string; readonly length: number } | { readonly wrong: string } {
  const shell = /^(?:[|&;<>`]|\$[A-Za-z_({])/.exec(text);
  if (shell !== null)
    return { wrong: `"${shell[0]}" needs a shell: write "shell:" instead of the bare command, or quote it` };
  const [all, single, double, escaped] = /^(?:'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^]))/.exec(text) ?? [];
  if (all !== undefined) {
    const inner = single ?? escaped ?? double?.replaceAll(/\\(["\\$`])/g, '$1') ?? '';
    return { text: inner, length: all.length };
  }
  const [mark = ''] = text;
  if (mark === "'" || mark === '"') return { wrong: `the quote ${mark} is not closed` };
  return { text: mark, length: mark.length };
}
