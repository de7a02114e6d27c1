import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { afterAll, describe, expect, it } from 'vitest';
import { parseSource, readSource } from '../../src/config/source.ts';
import { isRecord } from '../../src/config/plain.ts';
import { Secret } from '../../src/core/secret.ts';

const folder = mkdtempSync(join(tmpdir(), 'copse-source-'));
afterAll(() => rmSync(folder, { recursive: true }));

function problems(text: string): string[] {
  return parseSource('a.yml', text).problems.map(
    ({ at, code, message }) => `${at?.line}:${at?.col}+${at?.length ?? 1} ${code} ${message}`,
  );
}

function under(root: unknown, key: string): unknown {
  return isRecord(root) ? root[key] : undefined;
}

describe('a YAML text', () => {
  it('becomes plain data whose objects have no prototype', () => {
    const { root, problems } = parseSource('a.yml', 'a: [1, two, true, null, 1.5]\nb: {c: ""}\n');

    expect(problems).toEqual([]);
    expect(JSON.parse(JSON.stringify(root))).toEqual({ a: [1, 'two', true, null, 1.5], b: { c: '' } });
    expect(Object.getPrototypeOf(root)).toBeNull();
  });

  const places: [string, (string | number)[], 'key' | 'value', string][] = [
    ['a: 1\nbee: two\n', ['bee'], 'value', '2:6+3 "bee: two"'],
    ['a: 1\nbee: two\n', ['bee'], 'key', '2:1+3 "bee: two"'],
    ['a:\n  - x\n  - yy\n', ['a', 1], 'value', '3:5+2 "  - yy"'],
    ['a:\n', ['a'], 'value', '1:1+1 "a:"'],
    ['a: {b: 1}\n', ['a', 'missing'], 'value', '1:4+6 "a: {b: 1}"'],
    ['a: &x {b: 1}\nc: *x\n', ['c', 'b'], 'value', '1:11+1 "a: &x {b: 1}"'],
    ['d: &d {b: 1}\nc:\n  <<: *d\n  e: 2\n', ['c', 'b'], 'value', '1:11+1 "d: &d {b: 1}"'],
    ['a: "quoted"\r\nb: 2\r\n', ['a'], 'value', '1:4+8 "a: "quoted""'],
  ];
  it.each(places)('%j knows the place of %j (%s)', (text, path, what, want) => {
    const at = parseSource('a.yml', text).place(path, what);

    expect(`${at.line}:${at.col}+${at.length ?? 1} "${at.text}"`).toBe(want);
  });

  const inner: [string, string, string][] = [
    ['a: x HERE y\n', 'plain', '1:6'],
    ["a: 'it''s HERE'\n", 'single quoted with a doubled quote', '1:11'],
    ['a: "t\\tab \\u0041 HERE"\n', 'double quoted with escapes', '1:18'],
    ['a: |\n  one\n  two HERE\n', 'a literal block', '3:7'],
    ['a: >\n  one\n  two HERE\n', 'a folded block', '3:7'],
    ['a: one\n  two HERE\n', 'a plain scalar over two lines', '2:7'],
    ['a: |\n\n  one\n\n    two HERE\n', 'a literal block with empty and deeper lines', '5:9'],
  ];
  it.each(inner)('%j knows the place of a piece inside a scalar: %s', (text, _title, want) => {
    const source = parseSource('a.yml', text);
    const value = String(under(source.root, 'a'));

    const at = source.inside(['a'], value.indexOf('HERE'), 4);

    expect(`${at.line}:${at.col}+${at.length}`).toBe(`${want}+4`);
  });

  it('shortens a long line to a window that holds the place', () => {
    const at = parseSource('a.yml', `a: [${'x, '.repeat(2000)}here]\n`).place(['a', 2000]);

    expect(at.col).toBe(6005);
    expect(at.text?.length).toBeLessThanOrEqual(160);
    expect(at.text?.slice(at.col - (at.from ?? 1), at.col - (at.from ?? 1) + 4)).toBe('here');
  });

  const wrong: [string, string[]][] = [
    ['a: 1\na: 2\n', ['2:1+1 E_YAML the key "a" stands here for the second time']],
    ['__proto__: {x: 1}\n', ['1:1+9 E_KEY "__proto__" cannot be used as a name']],
    [
      'a: {constructor: 1, prototype: 2}\n',
      ['1:5+11 E_KEY "constructor" cannot be used as a name', '1:21+9 E_KEY "prototype" cannot be used as a name'],
    ],
    ['a:\n\tb: 1\n', ['2:1+1 E_YAML a tab cannot be used as indentation']],
    ['a: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n', ['1:4+6 E_ANSIBLE "!vault" values cannot be read']],
    ['a: !color red\n', ['1:4+6 E_YAML the tag "!color" is not known, only "!secret" is']],
    ['a: {{ x }}\n', ['1:5+5 E_ANSIBLE unquoted "{{ }}" is a mapping in YAML']],
    ['a: 1\n---\nb: 2\n', ['2:1+3 E_YAML one YAML document is expected, a second one begins here']],
    ['mode: 0644\n', ['1:7+4 E_ANSIBLE 0644 without quotes is a number whose leading zero would be lost']],
    ['n: 12345678901234567890\n', ['1:4+20 E_VALUE 12345678901234567890 has more digits than a number can keep']],
    ['n: .inf\n', ['1:4+4 E_VALUE ".inf" is not a number that can be used']],
    ['a: *nothing\n', ['1:4+8 E_YAML the alias "*nothing" points to nothing above it']],
    ['a: &a [*a]\n', ['1:8+2 E_YAML the alias "*a" points into itself']],
    ['? [1]\n: 2\n', ['1:3+3 E_YAML a key must be text, this one is a list or mapping']],
    ['a: \0\n', ['undefined:undefined+1 E_YAML "a.yml" is not UTF-8 text']],
    ['<<: 3\n', ['1:1+2 E_YAML "<<" takes a mapping or a list of mappings']],
  ];
  it.each(wrong)('%j is a problem with its place', (text, want) => {
    expect(problems(text)).toEqual(want);
  });

  it('merges "<<" as Ansible does: own keys win, earlier maps win', () => {
    const { root } = parseSource('a.yml', 'x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  <<: [*x, *y]\n  a: 0\n');

    expect(JSON.parse(JSON.stringify(root))).toMatchObject({ z: { a: 0, b: 1, c: 2 } });
  });

  it('reads scalars as Ansible 1.1 does when asked to', () => {
    const text = 'a: [yes, No, on, 0644, 1_000, 12:30:00, 1e3, 0o17, 0x1F, ~, "yes", 2026-11-21, 1.5, -0b11, 089]\n';

    const { root } = parseSource('a.yml', text, { scalars: 'ansible' });

    expect(under(root, 'a')).toEqual([
      true,
      false,
      true,
      420,
      1000,
      45_000,
      '1e3',
      '0o17',
      31,
      null,
      'yes',
      '2026-11-21',
      1.5,
      -3,
      '089',
    ]);
  });

  it('gives the same data for every tree that another program wrote as YAML', () => {
    const name = fc.string().filter((key) => !['__proto__', 'constructor', 'prototype', '<<'].includes(key));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.string(),
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0) && Math.abs(n) < 1e15),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('tree')),
        fc.dictionary(name, tie('tree')),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const source = parseSource('a.yml', stringify(value));
        expect(source.problems).toEqual([]);
        expect(source.root).toEqual(value);
      }),
    );
  });

  it('keeps every place inside the file, whatever is asked for', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', ':', ' ', '\n', '-', '{', '}', '"', "'", '&', '*', '|', '!', '\t') }),
        fc.array(fc.oneof(fc.nat(3), fc.constantFrom('a', ''))),
        (text, path) => {
          const source = parseSource('a.yml', text);
          const lines = text.split('\n');
          for (const at of [
            source.place(path),
            source.place(path, 'key'),
            source.inside(path, 3, 2),
            ...source.problems.flatMap((problem) => problem.at ?? []),
          ]) {
            expect(at.line).toBeLessThanOrEqual(lines.length);
            expect(at.col).toBeLessThanOrEqual((lines[at.line - 1] ?? '').length + 1);
          }
        },
      ),
    );
  });
});

describe('a hostile YAML text', () => {
  const bomb = `a0: &a0 [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array.from({ length: 9 }, () => `*a${i}`).join(',')}]`).join('\n')}\n`;
  const hostile: [string, string, string][] = [
    ['an alias bomb', bomb, 'E_LIMIT'],
    ['half a million open brackets', '['.repeat(500_000), 'E_LIMIT'],
    ['deep block sequences', '- '.repeat(400_000), 'E_LIMIT'],
    ['deep braces', 'a: '.concat('{'.repeat(200_000)), 'E_LIMIT'],
    ['150 levels', '['.repeat(150) + ']'.repeat(150), 'E_LIMIT'],
    ['more than a megabyte', `a: ${'x'.repeat(1_100_000)}`, 'E_LIMIT'],
    ['a flood of commas', `[${','.repeat(900_000)}`, 'E_LIMIT'],
    ['a flood of mistakes', 'a: "b" c\n'.repeat(30_000), 'E_YAML'],
    ['a flood of documents', '---\n'.repeat(200_000), 'E_YAML'],
    ['a quote that never closes over a megabyte', `a: "${'x'.repeat(1_000_000)}`, 'E_YAML'],
  ];
  it.each(hostile)('%s is refused', (_title, text, code) => {
    const { problems } = parseSource('a.yml', text);

    expect(problems[0]?.code).toBe(code);
    expect(problems.length).toBeLessThanOrEqual(20);
  });

  it('a megabyte on one line is read', () => {
    const { root, problems } = parseSource('a.yml', `a: ${'x'.repeat(1_000_000)}`);

    expect(problems).toEqual([]);
    expect(under(root, 'a')).toHaveLength(1_000_000);
  });
});

describe('a YAML file', () => {
  it('that is absent, a folder or binary gives a problem', async () => {
    writeFileSync(join(folder, 'binary.yml'), Buffer.from([0xff, 0xfe, 0x00, 0x01]));

    const found = await Promise.all(['absent.yml', '.', 'binary.yml'].map((name) => readSource(join(folder, name))));

    expect(found.map(({ problems }) => problems[0]?.code)).toEqual(['E_FILE', 'E_FILE', 'E_YAML']);
    expect(found[0]?.problems[0]?.message).toBe(
      `"${join(folder, 'absent.yml')}" cannot be read: there is no such file`,
    );
  });

  it('takes secrets from files beside it, and they do not print', async () => {
    writeFileSync(join(folder, 'token'), 'hunter2\n');
    writeFileSync(join(folder, 'vars.yml'), 'token: !secret token\nlost: !secret nowhere\n');

    const { root, problems } = await readSource(join(folder, 'vars.yml'));

    const token = under(root, 'token');
    expect(token).toBeInstanceOf(Secret);
    expect(JSON.stringify(token)).toBe('"***"');
    expect(token instanceof Secret && token.reveal()).toBe('hunter2');
    expect(problems.map(({ code, message }) => `${code} ${message}`)).toEqual([
      'E_SECRET the secret file "nowhere" cannot be read as text',
    ]);
  });
});
