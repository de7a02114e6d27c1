const ESCAPE = /\u001B\[[0-9;]*m/y;

/** Cuts a line to a number of terminal columns; colours count for nothing and are closed. */
export function clip(line: string, columns: number): string {
  let width = 0;
  let coloured = false;
  for (let index = 0; index < line.length;) {
    ESCAPE.lastIndex = index;
    const escape = ESCAPE.exec(line)?.[0];
    if (escape !== undefined) {
      coloured = escape !== '\u001B[0m' && escape !== '\u001B[39m' && escape !== '\u001B[22m';
      index += escape.length;
      continue;
    }
    const character = String.fromCodePoint(line.codePointAt(index) ?? 32);
    width += columnsOf(character);
    if (width > columns - 1 && index + character.length < line.length) {
      return `${line.slice(0, index)}…${coloured ? '\u001B[0m' : ''}`;
    }
    index += character.length;
  }
  return line;
}

/** Terminal columns of one character: two for the wide ranges of East Asian scripts and emoji, none for combining marks. */
function columnsOf(character: string): number {
  if (/\p{Mark}/u.test(character)) return 0;
  return /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}/u.test(
    character,
  )
    ? 2
    : 1;
}
