import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { renderProblems } from '../../src/config/frame.ts';
import { throwIfAny } from '../../src/core/problem.ts';
import { connectionProblems } from '../../src/inventory/host-spec.ts';
import { selectHosts } from '../../src/inventory/pattern.ts';
import { findHost } from '../../src/inventory/types.ts';
import { complaint, folderOf, loadFrom, short } from './support/files.ts';
import { readGolden, updateGolden, type GoldenCase } from './support/golden.ts';

const FILES = ['ini', 'yaml', 'files', 'patterns', 'connection', 'notes'];

/** `COPSE_UPDATE_GOLDEN=1` writes what is said now. */
const isUpdate = process.env['COPSE_UPDATE_GOLDEN'] === '1';

for (const name of FILES) {
  const path = join(import.meta.dirname, 'golden', `${name}.golden`);
  const actual = new Map<string, string>();
  afterAll(() => (isUpdate ? updateGolden(path, actual) : undefined));

  describe(`what copse says about an inventory (${name}):`, () => {
    it.each(readGolden(path))('$title', async (golden) => {
      const said = await ask(golden);
      actual.set(golden.title, said);

      expect(said).toBe(isUpdate ? said : golden.expected);
    });
  });
}

/** Loads the case's files; `pattern` and `limit` select, `connect` works out connections, `notes` shows the notes. */
async function ask({ options, files }: GoldenCase): Promise<string> {
  const cwd = folderOf(files);
  const sources = options['sources']?.split(' ') ?? Object.keys(files).slice(0, 1);
  let said = '';
  const failed = await complaint(async () => {
    const inventory = await loadFrom(cwd, sources, options['playbook']);
    const at = options['at'] === undefined ? undefined : { file: 'site.yml', line: 3, col: 10, text: options['at'] };
    const pattern = options['pattern'] ?? options['connect'];
    if (options['notes'] !== undefined) said = short(renderProblems(inventory.notes ?? []));
    if (pattern === undefined) return;
    const names = selectHosts(inventory, pattern, { limit: options['limit'], at, cwd });
    if (options['connect'] === undefined) said = names.join(' ');
    else throwIfAny(connectionProblems(names.flatMap((name) => findHost(inventory, name) ?? [])));
  });
  return failed === 'no problem' && said !== '' ? said : failed;
}
