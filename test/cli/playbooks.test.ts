import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { copse } from '../support/cli.ts';

const folder = new URL('../../playbooks/', import.meta.url).pathname;
const cwd = mkdtempSync(join(tmpdir(), 'copse-playbooks-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

it.each(readdirSync(folder))('playbooks/%s is right', async (name) => {
  const hosts = ['edge', 'build'].map((group) => `${group}: {hosts: {${group}1: {ansible_host: 127.0.0.1}}}\n`);
  writeFileSync(join(cwd, 'inventory.yaml'), hosts.join(''));

  const told = await copse(['check', join(folder, name), '-i', 'inventory.yaml'], { cwd });

  expect(told).toMatchObject({ status: 0, err: '' });
});
