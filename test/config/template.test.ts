import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { describe, expect, it } from 'vitest';
import { parseSource } from '../../src/config/source.ts';
import { scanTemplate } from '../../src/config/template-scan.ts';
import { render, templateOf } from '../../src/config/template.ts';
import type { Problem } from '../../src/core/problem.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Vars } from '../../src/core/value.ts';

const scope: Vars = {
  vars: { port: 80, list: [1, 'a'], none: null, on: true, map: { k: 1 }, token: new Secret('s3cr3t'), text: 'x' },
};

function rendered(yaml: string, names: Vars = scope): unknown {
  const source = parseSource('a.yml', yaml);
  const problems: Problem[] = [...source.problems];
  const template = templateOf(source.root, source, [], problems);
  return problems.length > 0
    ? problems.map(({ code, message, at }) => `${at?.line}:${at?.col} ${code} ${message}`)
    : render(template, names);
}

describe('a template', () => {
  const table: [string, unknown][] = [
    ['a: ${{ vars.port }}', { a: 80 }],
    ['a: "${{ vars.list }}"', { a: [1, 'a'] }],
    ['a: port ${{ vars.port }}', { a: 'port 80' }],
    ['a: "${{ vars.port }}${{ vars.on }}"', { a: '80true' }],
    ['a: "[${{ vars.none }}]"', { a: '[]' }],
    ['a: "x ${{ vars.map }}"', { a: 'x {"k":1}' }],
    ['a: \'${{ {"k": {"z": vars.port}}.k.z }}\'', { a: 80 }],
    ['a: "${{ \'}}\' }}"', { a: '}}' }],
    ['a: "${{ \'${{ x }}\' }}"', { a: '${{ x }}' }],
    ['- ${{ vars.port }}\n- {b: "${{ vars.text }}"}\n- plain', [80, { b: 'x' }, 'plain']],
    ['a: "podman ps --format {{.Names}}"', { a: 'podman ps --format {{.Names}}' }],
    ['a: "{{ range .Items }}{{ .Name }}{{ end }}"', { a: '{{ range .Items }}{{ .Name }}{{ end }}' }],
    [
      'a: "{{ $labels.instance }} {{ key \\"x\\" }} {{json .}}"',
      { a: '{{ $labels.instance }} {{ key "x" }} {{json .}}' },
    ],
    ['a: "${{ \\"{{ x }}\\" }}"', { a: '{{ x }}' }],
  ];
  it.each(table)('%j renders', (yaml, value) => {
    expect(rendered(yaml)).toEqual(value);
  });

  const wrong: [string, string][] = [
    ['a: "${{ vars.port"', '1:5 E_EXPR "${{" is not closed'],
    ['a: "x ${{ 1 + }}"', '1:15 E_EXPR the expression ends too early'],
    ['a: |\n  one\n  ${{ vars. }}\n', '3:13 E_EXPR the expression ends too early'],
    ['a: "{{ name }}"', '1:5 E_ANSIBLE "{{ }}" is Jinja, it is not evaluated'],
    ['a: "{% if x %}"', '1:5 E_ANSIBLE Jinja statements are not evaluated'],
    ['"${{ vars.text }}": 1', '1:1 E_EXPR a key cannot hold ${{ }}'],
  ];
  it.each(wrong)('%j is refused', (yaml, problem) => {
    expect(rendered(yaml)).toEqual([problem]);
  });

  it('keeps a secret a secret, alone, inside text and inside lists', () => {
    const value = rendered(
      'a: ${{ vars.token }}\nb: "Bearer ${{ vars.token }}"\nc: ["${{ vars.token }}"]\nd: "${{ [vars.token] }} as text"',
    );

    expect(JSON.stringify(value)).toBe('{"a":"***","b":"***","c":["***"],"d":"***"}');
  });

  const name = fc
    .string({ minLength: 1 })
    .filter((key) => !['__proto__', 'constructor', 'prototype', '<<'].includes(key) && !key.includes('${{'));
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('tree')),
      fc.dictionary(name, tie('tree'), { noNullPrototype: true }),
    ),
  }));

  it('gives any variable back with its value and type', () => {
    fc.assert(
      fc.property(tree, (value) => {
        // The values of variables are data: braces in them are not looked at again.
        const vars = { vars: { value } } as unknown as Vars;

        expect(rendered('a: ${{ vars.value }}\nb: ["${{ vars.value }}"]', vars)).toEqual({ a: value, b: [value] });
      }),
    );
  });

  it('leaves any YAML without braces as it is', () => {
    const plain = (value: unknown): boolean =>
      !JSON.stringify(value).includes('{{') &&
      !JSON.stringify(value).includes('{%') &&
      Object.is(JSON.parse(JSON.stringify({ value })).value, value) === (typeof value !== 'object' || value === null);
    fc.assert(
      fc.property(tree.filter(plain), (value) => {
        const source = parseSource('a.yml', stringify({ value }));
        fc.pre(source.problems.length === 0);

        expect(render(templateOf(source.root, source, [], []), {})).toEqual({ value });
      }),
    );
  });

  it('places every problem inside the file', () => {
    const piece = fc.constantFrom(
      '${{',
      '}}',
      '{{ x }}',
      'vars.a',
      ' + ',
      '"',
      "'",
      '\\n',
      'ä',
      '\u{1F600}',
      'a',
      '.',
      '(',
      '[1',
      '{% if %}',
      '|',
    );
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.constantFrom('plain', 'single', 'double', 'block', 'folded'), fc.array(piece, { maxLength: 8 })),
          { maxLength: 4 },
        ),
        (values) => {
          const yaml = values.map(([style, pieces], i) => `k${i}: ${written(style, pieces.join(''))}`).join('\n');
          const source = parseSource('a.yml', yaml);
          const problems: Problem[] = [...source.problems];
          templateOf(source.root, source, [], problems);

          const lines = yaml.split('\n');
          for (const { at } of problems) {
            expect(at).toBeDefined();
            expect(at?.line).toBeLessThanOrEqual(lines.length);
            expect((at?.col ?? 0) - 1).toBeLessThanOrEqual((lines[(at?.line ?? 1) - 1] ?? '').length);
            expect((at?.col ?? 0) - 1 + (at?.length ?? 1)).toBeLessThanOrEqual(
              (lines[(at?.line ?? 1) - 1] ?? '').length + 1,
            );
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

function written(style: string, text: string): string {
  if (style === 'single') return `'${text.replaceAll("'", "''")}'`;
  if (style === 'double') return JSON.stringify(text);
  if (style === 'block') return `|\n  x\n  ${text}\n`;
  return style === 'folded' ? `>\n  x\n  ${text}\n` : text;
}

describe('taking a text apart', () => {
  it('loses no character', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('$', '{', '}', '"', "'", 'a', '\\') }), (text) => {
        const pieces = scanTemplate(text);
        const joined = pieces
          .map((piece) =>
            piece.kind === 'text'
              ? piece.text
              : piece.kind === 'expression'
                ? `\${{${piece.text}}}`
                : text.slice(piece.from),
          )
          .join('');

        expect(joined).toBe(text);
      }),
    );
  });
});
