import { describe, expect, it } from 'vitest';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { complaint, folderOf, load, loadFrom } from './support/files.ts';

const LATIN1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const MEGABYTE = 1024 * 1024;

describe('a hostile or broken file is refused or read, never more:', () => {
  const refused: readonly [title: string, files: Record<string, string | Uint8Array>, says: string][] = [
    ['a binary file', { hosts: new Uint8Array([0, 1, 2, 3]) }, '"hosts" is no text file [E_INVENTORY]'],
    [
      'a file in Latin 1',
      { hosts: LATIN1('w1 a=1\nw2 name=café\n') },
      'hosts:2:12: "hosts" is not UTF-8 text [E_INVENTORY]',
    ],
    [
      'a variable file in Latin 1',
      { hosts: 'w1\n', 'group_vars/all.yml': LATIN1('a: café\n') },
      'group_vars/all.yml:1:7: "group_vars/all.yml" is not UTF-8 text',
    ],
    ['YAML nested very deeply', { 'hosts.yml': `all: ${'['.repeat(50_000)}` }, 'nested deeper than 100 levels'],
    [
      'JSON nested very deeply',
      { 'hosts.json': `{"all": {"vars": {"a": ${'['.repeat(50_000)}${']'.repeat(50_000)}}}}` },
      'nested deeper than 100 levels',
    ],
    [
      'an executable that nests very deeply',
      { 'hosts.sh': '#!/bin/sh\nprintf \'{"a":\'\nhead -c 200000 /dev/zero | tr "\\0" "["\n' },
      'must print a JSON object',
    ],
    [
      'aliases that explode',
      {
        'hosts.yml': `all:\n  vars:\n    a0: &a0 [x]\n${Array.from({ length: 30 }, (_, i) => `    a${i + 1}: &a${i + 1} [*a${i}, *a${i}]\n`).join('')}`,
      },
      'aliases of this file stand for more than',
    ],
    ['a YAML file that is too large', { 'hosts.yml': `all: {vars: {a: "${'x'.repeat(MEGABYTE)}"}}\n` }, '[E_LIMIT]'],
    ['an INI file that is too large', { hosts: `w1 a=${'x'.repeat(16 * MEGABYTE)}\n` }, '[E_LIMIT]'],
    [
      'a quote that is open for a megabyte',
      { hosts: `w1 a="${'x'.repeat(MEGABYTE)}\n` },
      'the quote here is not closed',
    ],
  ];
  it.each(refused)('%s', async (_title, files, says) => {
    expect(await complaint(load(files))).toContain(says);
  });

  it('links that lead nowhere or round in a circle', async () => {
    const cwd = folderOf({ 'inv/hosts': 'w1\n', 'inv/group_vars/all/a.yml': 'x: 1\n' });
    symlinkSync('.', join(cwd, 'inv/again'));
    symlinkSync('nowhere', join(cwd, 'inv/gone'));
    symlinkSync('.', join(cwd, 'inv/group_vars/all/again'));

    const said = await complaint(loadFrom(cwd, ['inv']));

    expect(said).toContain('"inv/gone" leads nowhere [E_FILE]');
    expect(said).toContain('is nested too deeply [E_FILE]\n   hint: is a folder linked into itself?');
  });

  const read: readonly [title: string, files: Record<string, string | Uint8Array>][] = [
    ['a comment in Latin 1', { hosts: LATIN1('# café\nw1\n') }],
    ['a byte order mark', { 'hosts.yml': '\uFEFFall:\n  hosts: {w1: }\n' }],
    ['a list of a megabyte', { hosts: `w1 a=[${'1,'.repeat(MEGABYTE / 2)}]\n` }],
    ['a hundred thousand hosts', { hosts: 'w[1:100000]\n' }],
    ['an empty file', { hosts: '' }],
    ['an empty YAML file', { 'hosts.yml': '---\n# nothing yet\n' }],
  ];
  it.each(read)('%s', async (_title, files) => {
    expect(await complaint(load(files))).toBe('no problem');
  });
});
