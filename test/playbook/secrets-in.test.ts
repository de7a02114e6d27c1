import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { loadPlaybook } from '../../src/playbook/load.ts';
import { secretsIn } from '../../src/playbook/secrets-in.ts';
import { inventoryOf } from './load-text.ts';

it('all secrets of playbook and inventory are known before the run', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'copse-secrets-'));
  try {
    for (const name of ['one', 'two', 'three', 'four']) writeFileSync(join(cwd, name), `secret-${name}\n`);
    writeFileSync(
      join(cwd, 'site.yml'),
      '- hosts: all\n  vars: {a: {b: [!secret one]}}\n  tasks:\n    - block:\n        - copy: {dest: /x, content: !secret two}\n          environment: {T: !secret three}\n  handlers:\n    - {name: h, command: ls, vars: {x: !secret four}}\n',
    );
    const playbook = await loadPlaybook(['site.yml'], { cwd, extraVars: {} });

    const found = secretsIn(playbook, inventoryOf({ web1: { token: new Secret('secret-five') }, web2: {} }));

    expect(found.map((secret) => secret.reveal()).toSorted()).toEqual([
      'secret-five',
      'secret-four',
      'secret-one',
      'secret-three',
      'secret-two',
    ]);
  } finally {
    rmSync(cwd, { recursive: true });
  }
});
