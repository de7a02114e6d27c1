/** A pattern of ssh as a regular expression: `*` and `?` are special, nothing else. */
export function globOf(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}

/** Whether a pattern of ssh matches; a plain name, as most are, costs one comparison. */
export function matchesGlob(pattern: string, subject: string): boolean {
  return pattern.includes('*') || pattern.includes('?') ? globOf(pattern).test(subject) : pattern === subject;
}
