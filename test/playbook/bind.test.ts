import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import type { Vars } from '../../src/core/value.ts';
import { bindArgs } from '../../src/playbook/bind.ts';
import { loadPlay, messagesOf, tasksOf } from './load-text.ts';

const scope: Vars = {
  vars: { path: '/etc/motd', text: 'hi', token: new Secret('s3cr3t'), port: 80, src: 'a.conf', more: { mode: '0600' } },
  host: { name: 'web1' },
};
const files: Readonly<Record<string, string>> = { '/work/a.conf': 'A', '/work/files/b.conf': 'B', '/abs/c.conf': 'C' };

function readFile(path: string): Promise<{ bytes: Uint8Array; mode: string }> {
  const text = files[path];
  if (text === undefined)
    return Promise.reject(Object.assign(new Error('no'), { code: path.endsWith('/folder') ? 'EISDIR' : 'ENOENT' }));
  return Promise.resolve({ bytes: new TextEncoder().encode(text), mode: '0644' });
}

async function taskOf(yaml: string) {
  const [task] = tasksOf((await loadPlay(`- hosts: web\n  tasks:\n    - ${yaml}\n`)).tasks);
  if (task === undefined) throw new TypeError('no task');
  return task;
}

async function bound(yaml: string): Promise<unknown> {
  return bindArgs(await taskOf(yaml), scope, { readFile });
}

describe('arguments', () => {
  it.each([
    ['command: ls -l', { cmd: 'ls -l' }],
    ['command: ls ${{ vars.path }}', { cmd: 'ls /etc/motd' }],
    ['command: {argv: [ls, "${{ vars.path }}"]}', { argv: ['ls', '/etc/motd'] }],
    ['copy: {dest: "${{ vars.path }}", content: "port ${{ vars.port }}"}', { dest: '/etc/motd', content: 'port 80' }],
    [
      `copy: '\${{ {"dest": vars.path, "content": vars.text}.merge(vars.more) }}'`,
      { dest: '/etc/motd', content: 'hi', mode: '0600' },
    ],
    ['debug: {var: vars.port + 1}', { var: { text: 'vars.port + 1', value: 81 } }],
    [
      'assert: {that: [vars.port == 80, "true"]}',
      {
        that: [
          { text: 'vars.port == 80', value: true },
          { text: 'true', value: true },
        ],
      },
    ],
    ['debug: {msg: "${{ vars.more }}"}', { msg: { mode: '0600' } }],
  ])('%s', async (yaml, want) => {
    expect(await bound(yaml)).toMatchObject({ want });
  });

  it.each([
    ['a.conf', 'A'],
    ['b.conf', 'B'],
    ['/abs/c.conf', 'C'],
    ['"${{ vars.src }}"', 'A'],
  ])('a local file is found beside the playbook or in files/: %s', async (name, text) => {
    const { want } = (await bound(`copy: {dest: /x, src: ${name}}`)) as {
      want: { src: { path: string; bytes: Uint8Array } };
    };

    expect(new TextDecoder().decode(want.src.bytes)).toBe(text);
  });

  it('of one expression keep a secret where a secret may stand', async () => {
    expect(await bound('copy: {dest: /x, content: "${{ vars.token }}"}')).toMatchObject({
      want: { content: expect.any(Secret) as Secret },
    });
  });

  const wrong: [string, string[]][] = [
    [
      'copy: {dest: "${{ vars.text }}", content: x}',
      ['site.yml:3:20: copy.dest: expected an absolute path, starting with "/", found "hi" [E_PARAM]'],
    ],
    [
      'copy: {dest: "${{ vars.nope }}", content: "${{ host.nope }}"}',
      ['site.yml:3:30: vars has no "nope" [E_NAME]', 'site.yml:3:59: host has no "nope" [E_NAME]'],
    ],
    ['copy: {dest: /x, src: nope.conf}', ['site.yml:3:29: there is no file "nope.conf" [E_FILE]']],
    ['copy: {dest: /x, src: folder}', ['site.yml:3:29: "folder" cannot be read: it is a folder [E_FILE]']],
    ['copy: ${{ vars.text }}', ['site.yml:3:13: copy: expected a mapping of parameters, found "hi" [E_PARAM]']],
    [
      'command: {argv: [curl, "-H", "${{ vars.token }}"]}',
      [
        'site.yml:3:36: command.argv[2]: a secret cannot be a word of a command, where every user of the host could read it; use "stdin", found a secret [E_PARAM]',
      ],
    ],
  ];
  it.each(wrong)('%s is refused with its place', async (yaml, messages) => {
    expect(await messagesOf(() => bound(yaml))).toEqual(messages);
  });

  it('that depend on no host are checked once and shared', async () => {
    const task = await taskOf('copy: {dest: /etc/motd, content: hi}');

    const first = await bindArgs(task, scope, { readFile });
    const second = await bindArgs(task, {}, { readFile });

    expect(second.want).toBe(first.want);
  });

  it('name what may be destroyed', async () => {
    const task = await taskOf('command: ls\n      allow_destroy: ["/dev/vdb", "${{ vars.path }}"]');

    expect(await bindArgs(task, scope, { readFile })).toMatchObject({ allowDestroy: ['/dev/vdb', '/etc/motd'] });
  });
});
