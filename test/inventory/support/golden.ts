import { readFileSync, writeFileSync } from 'node:fs';

/** One case of a golden file: files, what is asked, and what a person reads. */
export interface GoldenCase {
  readonly title: string;
  readonly options: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
  readonly expected: string;
}

/**
 * Cases of a golden file. A case begins with `=== title`, then come lines `name: value`, sections `--- file name` and at
 * last `--- expected`.
 */
export function readGolden(path: string): readonly GoldenCase[] {
  const [, ...blocks] = readFileSync(path, 'utf8').split(/^=== /m);
  return blocks.map((block) => {
    const [head = '', ...sections] = block.split(/^--- /m);
    const [title = '', ...lines] = head.trim().split('\n');
    const parts = sections.map((section): [string, string] => {
      const end = section.indexOf('\n');
      return [section.slice(0, end), section.slice(end + 1)];
    });
    const expected = parts.find(([name]) => name === 'expected')?.[1] ?? '';
    return {
      title,
      options: Object.fromEntries(
        lines.map((line) => line.replace(/ ""$/, ' ').split(/: (.*)/s, 2) as [string, string]),
      ),
      files: Object.fromEntries(parts.filter(([name]) => name !== 'expected')),
      expected: expected.replace(/\n+$/, ''),
    };
  });
}

/** Writes what was really said into a golden file; a person reads the difference before committing it. */
export function updateGolden(path: string, actual: ReadonlyMap<string, string>): void {
  const text = readFileSync(path, 'utf8').replaceAll(
    /^=== (.*)\n([\s\S]*?)(?=^=== |$(?![\s\S]))/gm,
    (whole: string, title: string, body: string) => {
      const said = actual.get(title);
      if (said === undefined) return whole;
      return `=== ${title}\n${body.replace(/^--- expected\n[\s\S]*/m, '').trimEnd()}\n--- expected\n${said}\n\n`;
    },
  );
  writeFileSync(path, `${text.trimEnd()}\n`);
}
