import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderProblems } from '../../src/config/frame.ts';
import { checkPlaybook } from '../../src/playbook/check.ts';
import { inventoryOf, load, tasksOf } from '../playbook/load-text.ts';

const root = join(import.meta.dirname, '../..');

interface Row {
  readonly operation: string;
  readonly task: string;
  readonly proofs: string;
}

/** The rows of all tables: three columns, a pipe inside of one written as \|. */
function rowsOf(markdown: string): readonly Row[] {
  const lines = markdown.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| Operation'));
  return lines.map((line) => {
    const [, operation = '', task = '', proofs = '', ...rest] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    if (rest.length !== 1 || rest[0] !== '') throw new Error(`not three columns: ${line}`);
    return { operation, task: task.replaceAll('\\|', '|'), proofs: proofs.replaceAll('\\|', '|') };
  });
}

/** A file with the title of a test or case in it. */
function hasTitle(file: string, title: string): boolean {
  if (!existsSync(join(root, file))) return false;
  const text = readFileSync(join(root, file), 'utf8').replaceAll("\\'", "'").replaceAll('\\"', '"');
  if (file.endsWith('.yaml')) return text.split('\n').includes(`- name: ${title}`);
  return [`'${title}'`, `"${title}"`, `\`${title}\``].some((quoted) => text.includes(quoted));
}

const rows = rowsOf(readFileSync(join(root, 'docs/coverage.md'), 'utf8'));

it('covers more than a hundred operations, each once', () => {
  const operations = rows.map(({ operation }) => operation);

  expect(operations.length).toBeGreaterThan(100);
  expect(operations.filter((one, index) => operations.indexOf(one) !== index)).toEqual([]);
});

describe.each(rows.map((row) => [row.operation, row] as const))('%s', (_operation, { operation, task, proofs }) => {
  it('has a task that is right', async () => {
    const [, yaml = ''] = /^`([^`]+)`$/.exec(task) ?? [];

    expect(operation).not.toBe('');
    const playbook = await load(`- hosts: all\n  tasks:\n    - ${yaml}\n`);
    expect(playbook.plays.flatMap(({ tasks }) => tasksOf(tasks))).toHaveLength(1);
    expect(renderProblems(checkPlaybook(playbook, inventoryOf({ edge01: {} }), { extraVars: {} }))).toBe('');
  });

  it('has a proof that is there', () => {
    const pairs = proofs.split('<br>').map((proof) => /^`([^`]+)`: (.+)$/.exec(proof.trim()) ?? []);

    expect(
      pairs.filter(([, file = '', title = '']) => !hasTitle(file, title)).map(([proof]) => proof ?? proofs),
    ).toEqual([]);
  });
});
