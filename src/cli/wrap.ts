/** Text broken into lines and indented. */
export function block(text: string, indent: number, width: number): string {
  return indented(wrap(text, width - indent).join('\n'), indent);
}

/** Text with every line indented that has anything. */
export function indented(text: string, indent: number): string {
  return text.replaceAll(/^(?=.)/gm, ' '.repeat(indent));
}

/** Breaks text at blanks into lines no longer than `width`, as far as its words allow. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
