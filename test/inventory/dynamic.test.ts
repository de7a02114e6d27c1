import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadInventory } from '../../src/inventory/load.ts';
import { selectHosts } from '../../src/inventory/pattern.ts';
import { folderOf, load, loadFrom } from './support/files.ts';

describe('an inventory executable', () => {
  it('is asked once when it gives _meta, and runs where copse was started', async () => {
    const cwd = folderOf({
      'bin/hosts.sh':
        '#!/bin/sh\necho "$@ in $PWD" >> calls\necho \'{"web": {"hosts": ["w1"]}, "_meta": {"hostvars": {"w1": {"a": 1}}}}\'\n',
    });

    const inventory = await loadFrom(cwd, ['bin/hosts.sh']);

    expect(inventory.hosts.get('w1')?.vars['a']).toBe(1);
    expect(readFileSync(join(cwd, 'calls'), 'utf8')).toBe(`--list in ${cwd}\n`);
  });

  it('gets no input and may print a great deal', async () => {
    const inventory = await load({
      'hosts.sh':
        '#!/bin/sh\ncat\nprintf \'{"web": {"hosts": [\'\ni=0\nwhile [ $i -lt 3000 ]; do printf \'"host-number-%s",\' $i; i=$((i+1)); done\nprintf \'"last"]}, "_meta": {"hostvars": {}}}\'\n',
    });

    expect(selectHosts(inventory, 'web')).toHaveLength(3001);
  });

  it('ends when the person interrupts', async () => {
    const cwd = folderOf({ 'hosts.sh': '#!/bin/sh\ntouch started\nexec sleep 60\n' });
    const controller = new AbortController();
    const loading = loadInventory(['hosts.sh'], { cwd, signal: controller.signal });
    const watch = setInterval(() => {
      if (existsSync(join(cwd, 'started'))) controller.abort();
    }, 10);

    await expect(loading).rejects.toMatchObject({ name: 'AbortError' });
    clearInterval(watch);
  });

  it('may say what ansible-inventory --list saved into a file', async () => {
    const listing = {
      _meta: { hostvars: { a: { x: 1 } } },
      all: { children: ['web'] },
      web: { hosts: ['a'], vars: { y: 2 } },
    };
    const inventory = await load({ 'hosts.json': JSON.stringify(listing) });

    expect({ ...inventory.hosts.get('a')?.vars }).toEqual({ x: 1, y: 2 });
    expect(inventory.hosts.get('a')?.place?.('y')).toMatchObject({
      file: expect.stringMatching(/hosts\.json$/) as string,
      line: 1,
    });
  });
});
