import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { inOrder, renderProblems } from '../../src/config/frame.ts';
import { Fault, type Problem } from '../../src/core/problem.ts';
import type { Vars } from '../../src/core/value.ts';
import { loadInventory } from '../../src/inventory/load.ts';
import { checkPlaybook } from '../../src/playbook/check.ts';
import { readPlaybooks } from '../../src/playbook/load.ts';

/**
 * One file per case in `golden/`: files between `=== name` lines, then `=== problems` with the exact text a person gets.
 * `=== options` may hold `limit:`, `tags:`, `skip:` and `extra:` lines. UPDATE_GOLDEN=1 writes what comes out.
 */
const folder = join(import.meta.dirname, 'golden');
const cases = readdirSync(folder).filter((name) => name.endsWith('.txt'));
const work = mkdtempSync(join(tmpdir(), 'copse-golden-'));
afterAll(() => rmSync(work, { recursive: true }));

const HOSTS =
  'web:\n  hosts:\n    web1: {port: 80, region: eu}\n    web2: {port: 80, region: eu, canary: true}\n    web3: {port: 81, region: us}\n';

interface Case {
  readonly title: string;
  readonly files: ReadonlyMap<string, string>;
}

function readCase(text: string): Case {
  const [title = '', ...parts] = text.split(/^=== /m);
  return {
    title: title.trim(),
    files: new Map(parts.map((part) => [part.split('\n', 1)[0] ?? '', part.slice(part.indexOf('\n') + 1)])),
  };
}

async function problemsOf({ files }: Case, cwd: string): Promise<readonly Problem[]> {
  const inventory = files.get('hosts.yml') ?? HOSTS;
  for (const [name, text] of [...files, ['hosts.yml', inventory] as const]) {
    if (name === 'problems' || name === 'options') continue;
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  const option = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(files.get('options') ?? '')?.[1];
  const words = (name: string) => option(name)?.split(',') ?? [];
  const extraVars = JSON.parse(option('extra') ?? '{}') as Vars;
  const found: Problem[] = [];
  const attempt = async <T>(act: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      found.push(...error.problems);
      return undefined;
    }
  };
  const hosts = await attempt(() =>
    loadInventory([join(cwd, 'hosts.yml')], { cwd, signal: new AbortController().signal }),
  );
  const { playbook, problems, lost } = await readPlaybooks(['site.yml'], { cwd, extraVars });
  found.push(...problems);
  if (hosts !== undefined) {
    const limit = option('limit');
    found.push(
      ...checkPlaybook(playbook, hosts, {
        extraVars,
        lost,
        tags: words('tags'),
        skipTags: words('skip'),
        ...(limit === undefined ? {} : { limit }),
      }),
    );
  }
  return inOrder(found);
}

describe('a wrong playbook', () => {
  it.each(cases)('%s', async (name) => {
    const path = join(folder, name);
    const text = readFileSync(path, 'utf8');
    const one = readCase(text);
    const cwd = join(work, name);
    mkdirSync(cwd);

    const problems = await problemsOf(one, cwd);
    const rendered = `${renderProblems(problems)}\n`.replaceAll(cwd, '<cwd>');

    if (process.env['UPDATE_GOLDEN'] === '1')
      writeFileSync(path, `${text.split(/^=== problems\n/m)[0] ?? ''}=== problems\n${rendered}`);
    else expect(rendered).toBe(one.files.get('problems'));
  });

  it('is shown in at least 120 cases, each with a place inside the file and a text that says what was expected', async () => {
    expect(cases.length).toBeGreaterThanOrEqual(120);
    for (const name of cases) {
      const { files, title } = readCase(readFileSync(join(folder, name), 'utf8'));
      expect(title, name).not.toBe('');
      expect(files.get('problems'), name).toMatch(/\[E_[A-Z_]+\]/);
    }
  });
});
