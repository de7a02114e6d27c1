import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schemaText } from '../../src/cli/schema.ts';
import { modules } from '../../src/modules/index.ts';
import { startLanguageServer, type LanguageServer } from './language-server.ts';

const root = join(import.meta.dirname, '../..');

describe('the schemas for editors', () => {
  it.each(['playbook', 'inventory'] as const)('schema/%s.schema.json is what `copse schema` prints', (kind) => {
    const checkedIn = readFileSync(join(root, 'schema', `${kind}.schema.json`), 'utf8');

    expect(checkedIn, `run: npm run copse -s -- schema ${kind} > schema/${kind}.schema.json`).toBe(schemaText(kind));
  });
});

describe('a YAML language server with the schemas', () => {
  let server: LanguageServer;
  beforeAll(async () => {
    server = await startLanguageServer({
      '*.play.yml': schemaText('playbook'),
      '*.hosts.yml': schemaText('inventory'),
    });
  });
  afterAll(() => server.stop());

  it.each(readExamples())('finds nothing wrong with the example of %s', async (_name, text) => {
    expect(await server.diagnose('a.play.yml', text)).toEqual([]);
  });

  const wrong: [string, string, number, RegExp][] = [
    ['a misspelt keyword of a play', '- hosts: all\n  becom: true\n', 2, /becom is not allowed/],
    [
      'a misspelt parameter',
      '- hosts: all\n  tasks:\n    - copy: {dest: /x, content: y, modee: "0644"}\n',
      3,
      /modee is not allowed/,
    ],
    [
      'a keyword that copse does not have',
      '- hosts: all\n  tasks:\n    - command: ls\n      with_items: [a]\n',
      4,
      /with_items is not allowed/,
    ],
    ['a wrong value of a choice', '- hosts: all\n  strategy: linaer\n', 2, /Value is not accepted/],
    ['yes in place of true', '- hosts: all\n  become: yes\n', 2, /Expected "boolean"/],
  ];
  it.each(wrong)('underlines %s', async (_title, text, line, message) => {
    const found = await server.diagnose('a.play.yml', text);

    expect(found.map((one) => one.line)).toEqual([line]);
    expect(found[0]?.message).toMatch(message);
  });

  it('takes an expression for any parameter', async () => {
    const text =
      '- hosts: all\n  tasks:\n    - copy: {dest: /x, content: y, backup: "${{ vars.backup }}"}\n      when: vars.on\n';

    expect(await server.diagnose('a.play.yml', text)).toEqual([]);
  });

  it('offers modules and keywords in a task, and parameters in a module', async () => {
    const task = '- hosts: all\n  tasks:\n    - \n';
    const copy = '- hosts: all\n  tasks:\n    - copy:\n        \n';

    const inTask = await server.complete('a.play.yml', task, 2, 6);
    const inCopy = await server.complete('a.play.yml', copy, 3, 8);

    expect(inTask).toEqual(
      expect.arrayContaining([...modules.map((module) => module.name), 'when', 'register', 'block', 'import_tasks']),
    );
    expect(inCopy).toEqual(expect.arrayContaining(['dest', 'src', 'content', 'mode']));
  });

  it('explains a keyword and a parameter', async () => {
    const text = '- hosts: all\n  max_fail_percentage: 10\n  tasks:\n    - copy: {dest: /x, content: y}\n';

    expect(await server.hover('a.play.yml', text, 1, 5)).toContain('was unreachable');
    expect(await server.hover('a.play.yml', text, 3, 14)).toContain('The file to write');
  });

  it('reads inventories', async () => {
    expect(
      await server.diagnose('a.hosts.yml', 'web:\n  hosts:\n    web[01:10]: {port: 22}\n  children:\n    db:\n'),
    ).toEqual([]);
    expect((await server.diagnose('b.hosts.yml', 'web:\n  host:\n    web1:\n')).map((one) => one.line)).toEqual([2]);
  });
});

/** Every example of every module, as a playbook. */
function readExamples(): [string, string][] {
  return modules.flatMap((module) =>
    module.examples.map((example, i): [string, string] => {
      const tasks = example
        .split('\n')
        .map((line) => `    ${line}`)
        .join('\n');
      return [`${module.name} ${i + 1}`, `- hosts: all\n  tasks:\n${tasks}\n`];
    }),
  );
}
