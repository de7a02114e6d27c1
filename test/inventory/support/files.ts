import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { renderProblems } from '../../../src/config/frame.ts';
import { Fault } from '../../../src/core/problem.ts';
import { loadInventory } from '../../../src/inventory/load.ts';
import type { Inventory } from '../../../src/inventory/types.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'copse-inventory-')));
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;

/** Writes files into a folder of their own; texts that begin with `#!` become executable. */
export function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  count += 1;
  const folder = join(root, String(count));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    if (typeof text === 'string' && text.startsWith('#!')) chmodSync(path, 0o755);
  }
  return folder;
}

/** Loads an inventory from files; the sources are the first file unless said otherwise. */
export function load(
  files: Readonly<Record<string, string | Uint8Array>>,
  sources: readonly string[] = Object.keys(files).slice(0, 1),
  playbookDir?: string,
): Promise<Inventory> {
  return loadFrom(folderOf(files), sources, playbookDir);
}

/** Loads an inventory from a folder that is already there. */
export function loadFrom(cwd: string, sources: readonly string[], playbookDir?: string): Promise<Inventory> {
  const { signal } = new AbortController();
  return loadInventory(sources, { cwd, signal, ...(playbookDir !== undefined && { playbookDir }) });
}

/** What a person reads when the work throws a Fault, with the temporary folder left out. */
export async function complaint(work: Promise<unknown> | (() => unknown)): Promise<string> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return short(renderProblems(error.problems));
  }
  return 'no problem';
}

/** Text with the temporary folders left out. */
export function short(text: string): string {
  return text.replaceAll(new RegExp(`${root}/\\d+/?`, 'g'), '');
}
