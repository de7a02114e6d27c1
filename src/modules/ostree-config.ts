/** Keys and values of one section. */
export type Section = ReadonlyMap<string, string>;

/** A section of ostree's files (`[core]`, `[remote "lab"]`): undefined where it is not there. The last of two equal keys counts. */
export function sectionOf(text: string, section: string): Section | undefined {
  let found: Map<string, string> | undefined;
  for (const { name, line, key, value } of linesOf(text)) {
    if (name !== section) continue;
    found ??= new Map();
    if (key !== '' && line !== '') found.set(key, value);
  }
  return found;
}

/** The names of the sections, in order. */
export function sectionsOf(text: string): readonly string[] {
  return [...new Set([...linesOf(text)].map(({ name }) => name))].filter((name) => name !== '');
}

/** The same text with those values in a section, which is added where it is missing; an empty value takes its key away. Everything else stays. */
export function withValues(text: string, section: string, values: Section): string {
  const left = new Map(values);
  const isThere = sectionOf(text, section) !== undefined;
  const written = (entries: Iterable<readonly [string, string]>): string[] =>
    [...entries].filter(([, value]) => value !== '').map(([key, value]) => `${key}=${value}`);
  if (!isThere) {
    const before = text === '' || text.endsWith('\n\n') ? text : `${text.replace(/\n?$/, '\n')}\n`;
    return `${before}[${section}]\n${written(values).join('\n')}\n`;
  }
  const lines: string[] = [];
  let last = -1;
  for (const { name, line, key } of linesOf(text)) {
    const value = name === section && key !== '' ? values.get(key) : undefined;
    if (value === undefined) lines.push(line);
    else if (left.delete(key)) lines.push(...written([[key, value]]));
    if (name === section && line.trim() !== '') last = lines.length;
  }
  return `${lines.toSpliced(last, 0, ...written(left)).join('\n')}\n`;
}

/** The same text without a section. */
export function withoutSection(text: string, section: string): string {
  const kept = [...linesOf(text)].filter(({ name }) => name !== section).map(({ line }) => line);
  return kept.length === 0 ? '' : `${kept.join('\n')}\n`;
}

interface Line {
  /** Section the line stands in; its own line belongs to it. */
  readonly name: string;
  readonly line: string;
  /** Empty for what sets nothing. */
  readonly key: string;
  readonly value: string;
}

function* linesOf(text: string): Generator<Line> {
  let name = '';
  for (const line of text === '' ? [] : text.replace(/\n$/, '').split('\n')) {
    name = /^\s*\[(.+)\]\s*$/.exec(line)?.[1] ?? name;
    const [, key = '', value = ''] = /^\s*([^\s#[=][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    yield { name, line, key, value };
  }
}
