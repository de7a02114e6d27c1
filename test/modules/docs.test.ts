import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { AnyModule } from '../../src/core/module.ts';
import { modules } from '../../src/modules/index.ts';
import { answersOf, bind, contextOf, shown, words, type Case } from './case-file.ts';

const root = new URL('../../', import.meta.url).pathname;
const text = readFileSync(join(root, 'docs/modules.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'copse-docs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function block(language: string): string {
  return new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(text)?.[1] ?? '';
}

it('names every module in the README, once, and no other', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const table = readme.split('| For | Modules |')[1]?.split('\n\n')[0] ?? '';

  const named = [...table.matchAll(/`([a-z_]+)`/g)].map((match) => match[1] ?? '');
  expect(named.toSorted()).toEqual(modules.map(({ name }) => name).toSorted());
});

it('tells which module is for which host', () => {
  const table = text.split('## Which of them is for which host')[1]?.split('\n## ')[0] ?? '';
  const family = modules.map(({ name }) => name).filter((name) => /ostree|bootc/.test(name));

  const named = [...table.matchAll(/`([a-z_]+)`/g)].map((match) => match[1] ?? '');
  expect([...new Set(named)].toSorted()).toEqual(family.toSorted());
});

it('shows a module that keeps its own cases', async () => {
  const path = join(folder, 'hostname.ts');
  writeFileSync(
    path,
    block('ts').replaceAll("'../../core/", `'${root}src/core/`).replace("'zod'", `'${root}node_modules/zod/index.js'`),
  );
  const { hostname } = (await import(path)) as { hostname: AnyModule };
  const cases = parse(block('yaml')) as Case[];

  for (const one of cases) {
    const parsed = hostname.params.safeParse(bind(hostname, one.want));
    expect(parsed.error?.issues.map((issue) => issue.message)).toEqual(one.invalid);
    if (!parsed.success) continue;
    const context = contextOf(one);
    const asked = Object.entries(hostname.probe(parsed.data, context)).map(([name, command]) => [name, words(command)]);
    if (one.questions !== undefined) expect(Object.fromEntries(asked)).toEqual(one.questions);
    const change = hostname.plan(parsed.data, hostname.read(answersOf(one.answers), parsed.data, context), context);
    expect('steps' in change ? change.steps.map(shown) : change).toEqual(one.steps);
    if (one.after === undefined) continue;
    const after = hostname.read(answersOf(one.after), parsed.data, context);
    expect(hostname.plan(parsed.data, after, context)).toMatchObject({ steps: [] });
  }
  expect(cases).toHaveLength(3);
});
