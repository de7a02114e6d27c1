import { markersOf, type Params } from './schema.ts';

/** The text of the file as it should be, or why it cannot be said. */
export type Edited = { readonly text: string; readonly notes: readonly string[] } | { readonly wrong: string };

/** What the file should be, from what it is. Lines that are not concerned keep their bytes, their line ends too. */
export function edit(text: string, want: Params): Edited {
  const end = /^[^\n]*\r(?:\n|$)/.test(text) ? '\r\n' : '\n';
  const lines = text === '' ? [] : text.split(/(?<=\n)/);
  if (want.block !== undefined) return editBlock(lines, end, want.block, want);
  if (want.state === 'absent') return { text: lines.filter((line) => !isMeant(bare(line), want)).join(''), notes: [] };
  return editLine(lines, end, want.line ?? '', want);
}

function bare(line: string): string {
  return line.replace(/\r?\n$/, '');
}

function isMeant(line: string, want: Params): boolean {
  if (want.regexp !== undefined) return new RegExp(want.regexp).test(line);
  if (want.search_string !== undefined) return line.includes(want.search_string);
  return line === want.line;
}

function editLine(lines: readonly string[], end: string, line: string, want: Params): Edited {
  const meant = lines.flatMap((one, index) => (isMeant(bare(one), want) ? [index] : []));
  const at = want.firstmatch ? meant[0] : meant.at(-1);
  if (at === undefined) return insert(lines, end, [line], want);
  const others = meant.length - 1;
  const notes = others > 0 && want.line !== undefined && hasOther(lines, meant, line) ? [manyMatch(others)] : [];
  if (bare(lines[at] ?? '') === line) return { text: lines.join(''), notes };
  const ending = /\r?\n$/.exec(lines[at] ?? '')?.[0] ?? '';
  return { text: lines.with(at, line + ending).join(''), notes };
}

function hasOther(lines: readonly string[], meant: readonly number[], line: string): boolean {
  return meant.some((index) => bare(lines[index] ?? '') !== line);
}

function manyMatch(others: number): string {
  return others === 1 ? 'another line matches too and stays as it is' : `${others} other lines match too and stay`;
}

/** The marker that stands without its other half, anywhere in the text; undefined when begins and ends take turns. */
function halfOf(lines: readonly string[], begin: string, finish: string): string | undefined {
  let isOpen = false;
  for (const line of lines.map(bare)) {
    if (line === begin && isOpen) return begin;
    if (line === finish && !isOpen) return finish;
    if (line === begin || line === finish) isOpen = line === begin;
  }
  return isOpen ? begin : undefined;
}

function editBlock(lines: readonly string[], end: string, block: string, want: Params): Edited {
  const [begin, finish] = markersOf(want);
  const from = lines.findIndex((line) => bare(line) === begin);
  const to = lines.findIndex((line, index) => index > from && bare(line) === finish);
  const half = halfOf(lines, begin, finish);
  if (half !== undefined) {
    const missing = half === begin ? finish : begin;
    return { wrong: `it has the marker "${half}" without the marker "${missing}"` };
  }
  if (want.state === 'absent') {
    if (from < 0) return { text: lines.join(''), notes: [] };
    // Every block with these markers goes, not only the first.
    return editBlock([...lines.slice(0, from), ...lines.slice(to + 1)], end, block, want);
  }
  const wanted = [begin, ...block.replace(/\r?\n$/, '').split(/\r?\n/), finish];
  if (from < 0) return insert(lines, end, wanted, want);
  const last = /\r?\n$/.exec(lines[to] ?? '')?.[0] ?? '';
  const middle = wanted.map((line, index) => line + (index === wanted.length - 1 ? last : end));
  return { text: [...lines.slice(0, from), ...middle, ...lines.slice(to + 1)].join(''), notes: [] };
}

function insert(lines: readonly string[], end: string, fresh: readonly string[], want: Params): Edited {
  const at = placeOf(lines, want);
  const before = lines.slice(0, at);
  const open = before.at(-1);
  // A last line without its line end gets one before something follows it.
  const closed =
    open === undefined || open.endsWith('\n')
      ? before
      : before.with(-1, open.replace(/\r$/, end === '\n' ? '\r' : '') + end);
  const added = fresh.map((line) => line + end);
  return { text: [...closed, ...added, ...lines.slice(at)].join(''), notes: [] };
}

function placeOf(lines: readonly string[], want: Params): number {
  const { insertafter: after, insertbefore: before } = want;
  if (before === 'BOF') return 0;
  const pattern = before ?? after;
  if (pattern === undefined || pattern === 'EOF') return lines.length;
  const test = (line: string): boolean => new RegExp(pattern).test(bare(line));
  const at = want.firstmatch ? lines.findIndex(test) : lines.findLastIndex(test);
  if (at < 0) return lines.length;
  return before === undefined ? at + 1 : at;
}
