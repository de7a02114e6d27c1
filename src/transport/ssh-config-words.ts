/** A line of ssh_config taken apart: its keyword in lower case, its arguments, and the rest of the line as it stands. */
export interface ConfigWords {
  readonly keyword: string;
  readonly words: readonly string[];
  readonly rest: string;
}

/** Takes a line apart as ssh does: quotes, backslashes, `=` after the keyword, comments. Undefined for an empty one. */
export function configWords(line: string): ConfigWords | undefined {
  const match = /^\s*([^\s=#"]+)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(line);
  const [, keyword, rest] = match ?? [];
  if (keyword === undefined || rest === undefined) return undefined;
  return { keyword: keyword.toLowerCase(), words: splitWords(rest), rest };
}

const WORD = /(?:"(?:\\["'\\]|[^"])*"|'(?:\\["'\\]|[^'])*'|\\[\\"' ]|[^\s"'])+/g;
const QUOTED = /"((?:\\["'\\]|[^"])*)"|'((?:\\["'\\]|[^'])*)'|\\([\\"' ])/g;

function splitWords(text: string): string[] {
  const words: string[] = [];
  for (const [word] of text.matchAll(WORD)) {
    if (word.startsWith('#')) break;
    words.push(
      word.replaceAll(QUOTED, (_all, double?: string, single?: string, escaped?: string) => {
        return escaped ?? (double ?? single ?? '').replaceAll(/\\(["'\\])/g, '$1');
      }),
    );
  }
  return words;
}
