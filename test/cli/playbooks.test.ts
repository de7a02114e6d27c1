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

it('each file of a list is looked for before any connection', async () => {
  writeFileSync(join(cwd, 'inventory.yaml'), 'build: {hosts: {build1: {ansible_host: 127.0.0.1}}}\n');
  writeFileSync(join(cwd, 'host.yaml'), '');
  const args = 'treefile: /srv/build/config/host.yaml, ref: os/host, repo: /srv/repo, cachedir: /srv/build/cache';
  const play = (files: string): string =>
    `- hosts: build\n  tasks:\n    - ostree_compose: {${args}, files: ${files}}\n`;
  writeFileSync(join(cwd, 'right.yaml'), play('[host.yaml]'));
  writeFileSync(join(cwd, 'wrong.yaml'), play('[host.yaml, no.repo]'));

  const right = await copse(['check', 'right.yaml', '-i', 'inventory.yaml'], { cwd });
  const wrong = await copse(['check', 'wrong.yaml', '-i', 'inventory.yaml'], { cwd });

  expect(right).toMatchObject({ status: 0, err: '' });
  expect(wrong.status).toBe(65);
  expect(wrong.err).toContain('ostree_compose.files[1]: there is no file "no.repo"');
});
