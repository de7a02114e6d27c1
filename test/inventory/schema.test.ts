import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseSource } from '../../src/config/source.ts';
import { KNOWN_VARIABLES } from '../../src/inventory/connection-variables.ts';
import { InventorySchema } from '../../src/inventory/schema.ts';
import { readGolden } from './support/golden.ts';

const RECORDINGS = join(import.meta.dirname, 'recordings');
const GOLDEN = join(import.meta.dirname, 'golden', 'yaml.golden');

function accepts(text: string): boolean {
  const { root } = parseSource('hosts.yml', text, { scalars: 'ansible' });
  return InventorySchema.safeParse(root).success;
}

interface JsonSchema {
  definitions: { vars: { properties: Record<string, { description?: string }> } };
}

describe('the schema of YAML inventories', () => {
  const recorded = readdirSync(RECORDINGS, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /^(?!differs-).*hosts\.(?:yml|yaml|json)$/.test(name),
  );

  it.each(recorded)('takes what Ansible takes: %s', (name) => {
    expect(accepts(readFileSync(join(RECORDINGS, name), 'utf8'))).toBe(true);
  });

  const structure = [
    'a list of groups',
    'only text',
    'a list of hosts',
    'a list of children',
    'variables that are no mapping',
    'a mistyped section',
    'a host beside hosts',
    'variables of a host that are no mapping',
    'a group that is no mapping',
  ];
  const wrong = readGolden(GOLDEN).filter(({ title }) => structure.includes(title));

  it.each(wrong)('refuses what the loader refuses: $title', ({ files }) => {
    expect(accepts(files['hosts.yml'] ?? '')).toBe(false);
  });

  it('describes every connection variable for the editor', () => {
    const json: unknown = JSON.parse(
      JSON.stringify(z.toJSONSchema(InventorySchema, { io: 'input', target: 'draft-7' })),
    );
    const { properties } = (json as JsonSchema).definitions.vars;
    const unsupported = [...KNOWN_VARIABLES].filter((name) => properties[name] === undefined);

    expect(unsupported.sort()).toEqual([
      'ansible_become_exe',
      'ansible_become_flags',
      'ansible_private_key',
      'ansible_ssh_pkcs11_provider',
      'ansible_ssh_private_key',
      'ansible_sudo_exe',
      'ansible_sudo_flags',
    ]);
    expect(Object.values(properties).filter(({ description }) => (description ?? '').length < 10)).toEqual([]);
  });

  it('has an example that it takes itself', () => {
    const examples = InventorySchema.meta()?.examples;

    expect(Array.isArray(examples) ? examples.map((one) => InventorySchema.safeParse(one).success) : []).toEqual([
      true,
    ]);
  });
});
