import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { describe, expect, it } from 'vitest';
import { renderProblems } from '../../src/config/frame.ts';
import { Fault, type Problem } from '../../src/core/problem.ts';
import { modules } from '../../src/modules/index.ts';
import { checkPlaybook } from '../../src/playbook/check.ts';
import { loadPlaybookText } from '../../src/playbook/load.ts';
import { BlockKeywords, PlayKeywords, TaskKeywords } from '../../src/playbook/schema.ts';
import { inventoryOf } from './load-text.ts';

const inventory = inventoryOf({ web1: { port: 80, list: [1, 2] }, web2: {} });

async function problemsOf(text: string): Promise<readonly Problem[]> {
  try {
    const playbook = await loadPlaybookText(text, 'site.yml', { cwd: '/nowhere', extraVars: {} });
    return checkPlaybook(playbook, inventory, { extraVars: {} });
  } catch (error) {
    if (error instanceof Fault) return error.problems;
    throw error;
  }
}

describe('a playbook of any shape', () => {
  const text = fc.constantFrom(
    '',
    'all',
    'web1',
    'ls',
    '${{ vars.port }}',
    '${{ vars.list.map(x, x + 1) }}',
    '${{ facts.cpus > 1 }}',
    '${{ nothing }}',
    '${{ 1 + }}',
    '{{ jinja }}',
    'vars.port > 80',
    'has(vars.nope)',
    '10m',
    '20%',
    'yes',
    '0644',
    'a b: c',
    '\u0000x',
    '__proto__',
  );
  const leaf = fc.oneof(text, fc.boolean(), fc.integer({ min: -5, max: 100 }), fc.constant(null), fc.double());
  const words = [
    ...Object.keys(PlayKeywords.shape),
    ...Object.keys(TaskKeywords.shape),
    ...Object.keys(BlockKeywords.shape),
    ...modules.map((one) => one.name),
    'import_tasks',
    'import_playbook',
    'meta',
    'with_items',
    'name',
    'dest',
    'content',
    'cmd',
    'that',
    'constructor',
    'toString',
  ];
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      leaf,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...words), tie('value'), { maxKeys: 5 }),
    ),
  }));
  const task = fc
    .tuple(
      fc.constantFrom(...modules.map((one) => one.name), 'block', 'meta', 'import_tasks', 'dnf'),
      value,
      fc.dictionary(fc.constantFrom(...Object.keys(TaskKeywords.shape)), value, { maxKeys: 4 }),
    )
    .map(([module, args, keywords]) => ({ ...keywords, [module]: args }));
  const play = fc
    .record({ hosts: fc.oneof(fc.constant('all'), value), tasks: fc.array(task, { maxLength: 4 }) })
    .chain((known) =>
      fc
        .dictionary(fc.constantFrom(...Object.keys(PlayKeywords.shape)), value, { maxKeys: 3 })
        .map((more) => ({ ...more, ...known })),
    );

  it('is read or answered with problems that lie inside it, never with a crash', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(value, fc.array(play, { maxLength: 2 })), async (tree) => {
        const yaml = stringify(tree);

        const problems = await problemsOf(yaml);

        const lines = yaml.split('\n');
        for (const { at, message } of problems) {
          expect(message).not.toBe('');
          if (at?.file !== 'site.yml') continue;
          expect(at.line).toBeLessThanOrEqual(lines.length);
          expect(at.col - 1).toBeLessThanOrEqual((lines[at.line - 1] ?? '').length);
        }
        expect(() => renderProblems(problems)).not.toThrow();
      }),
      { numRuns: 400 },
    );
  });

  const hostile: [string, string][] = [
    [
      'tasks nested a thousand levels deep',
      `- hosts: all\n  tasks: ${'[{block: '.repeat(1000)}[]${'}]'.repeat(1000)}\n`,
    ],
    [
      'an alias bomb in vars',
      `- hosts: all\n  vars:\n    a: &a [x,x,x,x,x,x,x,x]\n${'bcdefgh'
        .split('')
        .map(
          (name, i) =>
            `    ${name}: &${name} [${Array.from({ length: 8 }, () => `*${'abcdefgh'.charAt(i)}`).join(',')}]`,
        )
        .join('\n')}\n  tasks: []\n`,
    ],
    [
      'an expression over a megabyte',
      `- hosts: all\n  tasks:\n    - command: ls\n      when: ${'a'.repeat(900_000)}\n`,
    ],
    [
      'a condition that would run for ever',
      '- hosts: all\n  vars: {l: "${{ range(10000) }}"}\n  tasks:\n    - command: ls\n      when: vars.l.all(a, vars.l.all(b, vars.l.all(c, a + b + c >= 0)))\n',
    ],
    [
      'a loop over ten thousand items',
      '- hosts: all\n  tasks:\n    - command: ls ${{ item.nope }}\n      loop: ${{ range(10000).map(i, {"n": i}) }}\n'.replace(
        'loop: ${{ range(10000).map(i, {"n": i}) }}',
        'loop: \'${{ range(10000).map(i, {"n": i}) }}\'',
      ),
    ],
    [
      'keys that JavaScript gives a meaning, everywhere',
      '- hosts: all\n  vars: {constructor: 1}\n  environment: {__proto__: x}\n  tasks:\n    - copy: {prototype: 1}\n',
    ],
    ['a task file of binary data', '- hosts: all\n  tasks:\n    - copy: "\\0"\n      when: "\\u202e"\n'],
  ];
  it.each(hostile)('%s is refused', async (_title, yaml) => {
    expect((await problemsOf(yaml)).length).toBeGreaterThan(0);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
