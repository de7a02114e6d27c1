import { armor, Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identityFile, readAgeFile } from '../../src/config/age-file.ts';
import { Secret } from '../../src/core/secret.ts';
import { loadPlaybook } from '../../src/playbook/load.ts';

const folder = mkdtempSync(join(tmpdir(), 'copse-age-'));
const keys = join(folder, 'age.txt');
let recipient = '';
beforeAll(async () => {
  const identity = await generateIdentity();
  recipient = await identityToRecipient(identity);
  writeFileSync(keys, `# created: today\n# public key: ${recipient}\n${identity}\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function encrypted(name: string, text: string, armored = false): Promise<string> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  const bytes = await encrypter.encrypt(text);
  const path = join(folder, name);
  writeFileSync(path, armored ? armor.encode(bytes) : bytes);
  return path;
}

describe('a file encrypted with age', () => {
  it.each([false, true])('gives variables that are all secret (armored: %s)', async (armored) => {
    const path = await encrypted('a.age', 'token: hunter2\npin: 1234\non: true\ndb: {password: [s3cr3t]}\n', armored);

    const read = await readAgeFile(path, 'a.age', keys);

    expect(JSON.stringify(read)).toBe('{"vars":{"token":"***","pin":"***","on":true,"db":{"password":["***"]}}}');
    expect('vars' in read && read.vars['token'] instanceof Secret && read.vars['token'].reveal()).toBe('hunter2');
  });

  const wrong: [string, () => Promise<[string, string]>, RegExp][] = [
    ['that is not there', () => Promise.resolve([join(folder, 'nope.age'), keys]), /^E_FILE "x.age" cannot be read/],
    [
      'without identities',
      async () => [await encrypted('b.age', 'a: 1\n'), join(folder, 'none.txt')],
      /^E_SECRET there are no identities/,
    ],
    [
      'for somebody else',
      async () => {
        const other = join(folder, 'other.txt');
        writeFileSync(other, await generateIdentity());
        return [await encrypted('c.age', 'a: 1\n'), other];
      },
      /^E_SECRET none of the identities/,
    ],
    [
      'that is damaged',
      () => {
        writeFileSync(join(folder, 'd.age'), 'age-encryption.org/v1\nnonsense');
        return Promise.resolve([join(folder, 'd.age'), keys]);
      },
      /^E_SECRET none of the identities/,
    ],
    [
      'with wrong YAML inside, told without a word of it',
      async () => [await encrypted('e.age', 'a: 1\nhunter2: hunter2: x\n'), keys],
      /^E_YAML what "x.age" holds is not right YAML, see line 2$/,
    ],
    [
      'with a list inside',
      async () => [await encrypted('f.age', '[hunter2]\n'), keys],
      /^E_VALUE what "x.age" holds is not a mapping/,
    ],
  ];
  it.each(wrong)('%s is a problem', async (_title, make, message) => {
    const [path, identities] = await make();

    const read = await readAgeFile(path, 'x.age', identities);

    expect('problem' in read && `${read.problem.code} ${read.problem.message}`).toMatch(message);
    expect(JSON.stringify(read)).not.toContain('hunter2');
  });

  it('may be one of the vars_files of a play', async () => {
    await encrypted('secrets.yml.age', 'token: hunter2\n');
    writeFileSync(join(folder, 'site.yml'), '- hosts: all\n  vars_files: [secrets.yml.age]\n  tasks: []\n');
    const before = process.env['COPSE_AGE_IDENTITIES'];
    process.env['COPSE_AGE_IDENTITIES'] = keys;
    try {
      const { plays } = await loadPlaybook(['site.yml'], { cwd: folder, extraVars: {} });

      expect(JSON.stringify(plays[0]?.playVars.raw)).toBe('{"token":"***"}');
    } finally {
      if (before === undefined) delete process.env['COPSE_AGE_IDENTITIES'];
      else process.env['COPSE_AGE_IDENTITIES'] = before;
    }
  });

  it('is opened with the identities of the environment, or of the home folder', () => {
    expect(identityFile({ COPSE_AGE_IDENTITIES: '/k' })).toBe('/k');
    expect(identityFile({ XDG_CONFIG_HOME: '/c' })).toBe('/c/copse/age.txt');
  });
});
