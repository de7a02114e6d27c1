import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FUNCTIONS, signature } from '../../src/config/cel-functions.ts';
import { renderProblems } from '../../src/config/frame.ts';
import { PROBLEM_CODES } from '../../src/core/codes.ts';
import { checkPlaybook } from '../../src/playbook/check.ts';
import { BlockKeywords, PlayKeywords, TaskKeywords } from '../../src/playbook/schema.ts';
import { inventoryOf, load } from './load-text.ts';

const docs = join(import.meta.dirname, '../../docs');
const golden = join(import.meta.dirname, 'golden');

describe('docs/errors.md', () => {
  const sections = readFileSync(join(docs, 'errors.md'), 'utf8').split(/^## /m).slice(1);
  const written = readdirSync(golden).map(
    (name) => readFileSync(join(golden, name), 'utf8').split('=== problems\n')[1] ?? '',
  );

  it('has a section for every code, in order, and no other', () => {
    expect(sections.map((section) => section.split('\n', 1)[0])).toEqual(Object.keys(PROBLEM_CODES));
  });

  it.each(sections.map((section) => [section.split('\n', 1)[0] ?? '', section] as const))(
    '%s has its meaning, an example and what to do',
    (code, section) => {
      const [, example = '', advice = ''] = /^```\n(.*?)\n```\n\n(.+)$/ms.exec(section) ?? [];
      const meaning = Object.entries(PROBLEM_CODES).find(([name]) => name === code)?.[1] ?? '';

      expect(section.toLowerCase()).toContain(`${meaning.toLowerCase()}.`);
      expect(example).toContain(`[${code}]`);
      expect(advice.trim().length).toBeGreaterThan(20);
    },
  );

  it('shows problems of playbooks exactly as they are printed', () => {
    const examples = sections
      .map((section) => /^```\n(.*?)\n```/ms.exec(section)?.[1] ?? '')
      .filter((example) => example.startsWith('site.yml:') && example.includes(' | '));

    expect(examples.length).toBeGreaterThan(10);
    for (const example of examples)
      expect(
        written.some((text) => text.includes(example.replaceAll('/home/me/fleet', '<cwd>'))),
        example,
      ).toBe(true);
  });
});

describe('docs/playbook.md', () => {
  const text = readFileSync(join(docs, 'playbook.md'), 'utf8');
  const escape = (words: string) => words.replaceAll('|', '\\|');
  const table = (title: string) =>
    (text.split(/^##+ /m).find((section) => section.startsWith(`${title}\n`)) ?? '')
      .split('\n')
      .filter((line) => line.startsWith('| `'));

  it.each([
    ['Keywords of a play', PlayKeywords],
    ['Keywords of a task', TaskKeywords],
    ['Blocks', BlockKeywords],
  ] as const)('%s: lists every keyword with its meaning', (title, schema) => {
    expect(table(title)).toEqual(
      Object.entries(schema.shape).map(([name, one]) => `| \`${name}\` | ${escape(one.description ?? '')} |`),
    );
  });

  it('lists every function with its meaning and example', () => {
    expect(table('Functions')).toEqual(
      FUNCTIONS.map(
        (one) =>
          `| \`${signature(one)}\` | ${escape(one.says)} | \`${escape(one.example[0])}\` → \`${escape(one.example[1])}\` |`,
      ),
    );
  });

  it.each([...text.matchAll(/^```yaml\n(.*?)^```/gms)].map((match) => match[1] ?? ''))(
    'has examples that are right (%#)',
    async (example) => {
      const vars = { edge: true };
      const inventory = inventoryOf({ edge01: vars });
      const groups = new Map([
        ...inventory.groups,
        ...['edge', 'maintenance'].map(
          (name) =>
            [
              name,
              {
                name,
                hosts: name === 'edge' ? ['edge01'] : [],
                children: [],
                vars: {},
                direct: [],
                depth: 1,
                priority: 1,
              },
            ] as const,
        ),
      ]);

      const playbook = await load(example);

      expect(renderProblems(checkPlaybook(playbook, { ...inventory, groups }, { extraVars: {} }))).toBe('');
    },
  );
});
