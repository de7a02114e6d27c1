import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkCommand } from '../../src/cli/check.ts';
import { execCommand } from '../../src/cli/exec.ts';
import { inventoryCommand } from '../../src/cli/inventory.ts';
import { runCommand } from '../../src/cli/run.ts';
import { renderProblems } from '../../src/config/frame.ts';
import type { Problem } from '../../src/core/problem.ts';
import { findModule, modules } from '../../src/modules/index.ts';
import { checkPlaybook } from '../../src/playbook/check.ts';
import { HABITS, moduleAnswer, namedModules } from '../../src/playbook/habits.ts';
import { readPlaybooks } from '../../src/playbook/load.ts';
import {
  BlockKeywords,
  ImportKeywords,
  ImportPlaybook,
  PlayKeywords,
  TaskKeywords,
} from '../../src/playbook/schema.ts';
import { inventoryOf } from './load-text.ts';

/** Reads docs/ansible.md and tries every row. */
const guide = readFileSync(join(import.meta.dirname, '../../docs/ansible.md'), 'utf8');
const cwd = mkdtempSync(join(tmpdir(), 'copse-guide-'));
afterAll(() => rmSync(cwd, { recursive: true }));
for (const folder of ['tasks', 'vars', 'files']) mkdirSync(join(cwd, folder));
writeFileSync(join(cwd, 'tasks/app.yml'), '- command: ls\n');
writeFileSync(join(cwd, 'vars/app.yml'), 'app: 1\n');
writeFileSync(join(cwd, 'files/motd'), 'hi\n');
writeFileSync(join(cwd, 'files/fleet.gpg'), '');

const VARS = {
  port: 80,
  on: true,
  off: false,
  region: 'eu',
  zones: ['a', 'b'],
  name: 'web',
  path: '/etc/x',
  limits: { cpu: 2 },
  users: [{ name: 'ann', admin: true }],
};
const inventory = inventoryOf({ web1: VARS, web2: VARS });
const withLocal = {
  ...inventory,
  implicit: new Map([['localhost', { name: 'localhost', groups: [], vars: {}, at: undefined }]]),
};

/** The rows of a table: cells as lines of what stands between backticks. */
function rows(title: string): readonly (readonly string[])[] {
  const section = guide.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('| '));
  return lines.slice(1).map((line) =>
    line
      .replaceAll('\\|', '\u0000')
      .split('|')
      .slice(1, -1)
      .map((cell) =>
        cell
          .trim()
          .split('<br>')
          .map((code) => code.replace(/^`(.*)`$/s, '$1').replaceAll('\u0000', '|'))
          .join('\n'),
      ),
  );
}

async function problemsOf(playbook: string): Promise<readonly Problem[]> {
  writeFileSync(join(cwd, 'site.yml'), playbook);
  const read = await readPlaybooks(['site.yml'], { cwd, extraVars: {} });
  return [...read.problems, ...checkPlaybook(read.playbook, withLocal, { extraVars: {}, lost: read.lost })];
}

const HEAD =
  '- hosts: all\n  handlers:\n    - {name: restart app, command: ls}\n  tasks:\n    - {command: ls, register: check}\n';
const asTask = (task: string) => `${HEAD}    - ${task.replaceAll('\n', '\n      ')}\n`;
const asWhen = (when: string) => asTask(`command: ls\nwhen: ${JSON.stringify(when)}`);
const asText = (text: string) => asTask(`debug:\n  msg: ${JSON.stringify(text)}`);
const asPlay = (keywords: string) => `- hosts: all\n  ${keywords.replaceAll('\n', '\n  ')}\n`;

const TABLES: readonly (readonly [string, (cell: string) => string])[] = [
  ['Conditions', asWhen],
  ['Text and values', asText],
  ['Tasks', asTask],
  ['Plays', asPlay],
];

describe('docs/ansible.md', () => {
  it.each(rows('The same'))('the same: %s', async (task = '') => {
    expect(renderProblems(await problemsOf(asTask(task)))).toBe('');
  });

  for (const [title, wrap] of TABLES) {
    it.each(rows(title))(`${title}: %s`, async (left = '', right = '') => {
      expect(renderProblems(await problemsOf(wrap(right)))).toBe('');
      if (left === right) return;
      const answered = await problemsOf(wrap(left));
      expect(answered.length).toBeGreaterThan(0);
      expect(answered.filter((problem) => problem.at === undefined || problem.hint === undefined)).toEqual([]);
    });
  }

  it.each(rows('Commands that have a module'))('%s has a module', async (left = '', right = '') => {
    expect(renderProblems(await problemsOf(asTask(left)))).toBe('');
    expect(left).toMatch(/^command: /);
    expect(renderProblems(await problemsOf(asTask(right)))).toBe('');
    expect(right).not.toMatch(/^command: /);
  });

  it('has a row for every condition, text, task and play that matters, and no empty table', () => {
    const titles = [...TABLES.map(([title]) => title), 'Commands that have a module'];

    expect(titles.filter((title) => rows(title).length <= 8)).toEqual([]);
  });

  const options = (command: ReturnType<typeof runCommand>) =>
    command.options.flatMap((option) => [option.short, option.long]);
  const act = () => Promise.resolve();
  const known: Readonly<Record<string, readonly (string | undefined)[]>> = {
    run: options(runCommand(act)),
    check: options(checkCommand(act)),
    exec: options(execCommand(act)),
    inventory: options(inventoryCommand(act)),
    doc: [],
  };
  it.each(rows('The command line'))('the command line: %s', (_left = '', right = '') => {
    const words = right.replaceAll('`', '').split(':', 1)[0] ?? '';
    const command = /copse (\w+)/.exec(words)?.[1] ?? 'run';

    const used = (words.match(/(?<=^|\s)--?[a-zA-Z][\w-]*/g) ?? []).filter((option) => !/^-v+$/.test(option));

    expect(used.filter((option) => known[command]?.includes(option) !== true)).toEqual([]);
  });
});

describe('answers to Ansible', () => {
  const keywords = new Set(
    [PlayKeywords, TaskKeywords, BlockKeywords, ImportKeywords, ImportPlaybook].flatMap((schema) =>
      Object.keys(schema.shape),
    ),
  );
  const isThere = (name: string) =>
    findModule(name) !== undefined ||
    keywords.has(name) ||
    ['ansible_user', 'ansible_port', 'ansible_connection'].includes(name);

  it('tell to write only what is there', () => {
    const shown = [
      ...[...HABITS.modules.keys()].map((name) => moduleAnswer(name, isThere) ?? ''),
      ...HABITS.keywords.values(),
      ...HABITS.meta.values(),
    ];

    expect(shown.flatMap(namedModules).filter((name) => !isThere(name))).toEqual([]);
  });

  it('are for names that copse does not use itself', () => {
    const names = new Set(modules.map((module) => module.name));

    expect([...HABITS.modules.keys()].filter((name) => names.has(name))).toEqual([]);
    expect([...HABITS.keywords.keys()].filter((name) => keywords.has(name))).toEqual([]);
  });
});
