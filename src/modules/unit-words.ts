/** One word of an Exec line of systemd, or of a Quadlet key that ends in one: specifiers and variables stay what they are. */
export function unitWord(word: string): string {
  const plain = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  if (/^[A-Za-z0-9_@%+=:,./$-]+$/.test(plain)) return plain;
  return `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\t', '\\t')}"`;
}

/** Words of an Exec line. */
export function unitWords(words: readonly string[]): string {
  return words.map(unitWord).join(' ');
}

/** Text of a key that is shown and not executed. */
export function unitText(text: string): string {
  return text.replaceAll('%', '%%');
}

/** Seconds as systemd takes them, never less than one. */
export function seconds(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1000)));
}
