/** The first four columns of a line of fstab, and its order of checks. */
export interface Entry {
  readonly src: string;
  readonly path: string;
  readonly fstype: string;
  readonly options: string;
  readonly passno: number;
}

/** The entries of a path, in the order of the file. */
export function entriesOf(text: string, path: string): readonly Entry[] {
  return text.split('\n').flatMap((line) => {
    const entry = readLine(line);
    return entry?.path === path ? [entry] : [];
  });
}

/** The text with exactly this entry for its path, in the place of the first one there; every other line stays as it is. */
export function withEntry(text: string, entry: Entry): string {
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const at = lines.findIndex((line) => readLine(line)?.path === entry.path);
  const others = lines.filter((line) => readLine(line)?.path !== entry.path);
  const before =
    at < 0 ? others.length : lines.slice(0, at).filter((line) => readLine(line)?.path !== entry.path).length;
  return `${[...others.slice(0, before), lineOf(entry), ...others.slice(before)].join('\n')}\n`;
}

/** The text without any entry of a path. */
export function withoutEntry(text: string, path: string): string {
  return text
    .split('\n')
    .filter((line) => readLine(line)?.path !== path)
    .join('\n');
}

function lineOf({ src, path, fstype, options, passno }: Entry): string {
  return [escape(src), escape(path), fstype, escape(options), '0', passno].join(' ');
}

/** Undefined for comments and lines that are no entry. */
function readLine(line: string): Entry | undefined {
  if (/^\s*(?:#|$)/.test(line)) return undefined;
  const [src = '', path, fstype, options = 'defaults', , passno] = line.trim().split(/\s+/).map(unescape);
  if (path === undefined || fstype === undefined) return undefined;
  return { src, path: path.replace(/(?<=.)\/$/, ''), fstype, options, passno: Number(passno ?? 0) };
}

/** Blanks, tabs, line ends and backslashes are written as octal numbers (fstab(5)). */
function escape(text: string): string {
  return text.replaceAll(/[\s\\#]/g, (found) => `\\${found.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
