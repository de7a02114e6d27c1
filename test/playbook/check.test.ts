import { describe, expect, it } from 'vitest';
import { renderProblem } from '../../src/config/frame.ts';
import type { Vars } from '../../src/core/value.ts';
import { checkPlaybook, type CheckPlaybookOptions } from '../../src/playbook/check.ts';
import { listPlays } from '../../src/playbook/listing.ts';
import { inventoryOf, load } from './load-text.ts';

const HOSTS: Readonly<Record<string, Vars>> = {
  web1: { port: 80, proxy: 'http://p', disks: ['vda'] },
  web2: { port: 80, disks: ['vda', 'vdb'] },
  web3: { port: 81, disks: [] },
};

async function check(
  tasks: string,
  options: Partial<CheckPlaybookOptions> & { head?: string; hosts?: Readonly<Record<string, Vars>> } = {},
): Promise<readonly string[]> {
  const indented = tasks
    .trim()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
  const playbook = await load(`- hosts: all\n${options.head ?? ''}  tasks:\n${indented}\n`);
  const { head: _head, hosts = HOSTS, ...rest } = options;
  return checkPlaybook(playbook, inventoryOf(hosts), { extraVars: {}, ...rest }).map(
    (problem) =>
      renderProblem(problem)
        .split('\n', 1)[0]
        ?.replace(/^site.yml:/, '') ?? '',
  );
}

describe('a check', () => {
  const right: [string, string][] = [
    ['what is asked for with has may be missing', '- command: ls ${{ vars.proxy }}\n  when: has(vars.proxy)'],
    ['also inside one expression', '- debug: {msg: "${{ has(vars.proxy) ? vars.proxy : 1 }}"}'],
    ['also through and', '- command: ls\n  when: has(vars.proxy) && vars.proxy.startsWith("http")'],
    [
      'also with default and optional fields',
      '- debug: {msg: "${{ default(vars.proxy, 1) }} ${{ vars.?proxy.orValue(2) }}"}',
    ],
    [
      'a variable that only some hosts have may stand behind a condition on facts',
      '- debug: {msg: "${{ vars.proxy }}"}\n  when: facts.os.id == "fedora"',
    ],
    [
      'a condition that is false for a host keeps it out',
      '- debug: {msg: "${{ vars.disks[0] }}"}\n  when: vars.disks.size() > 0',
    ],
    [
      'facts, results and prompts are known by their types',
      '- command: ls\n  register: listing\n- debug: {msg: "${{ listing.stdout_lines.map(l, l.size()) }} ${{ facts.memory.total / 1048576 }} ${{ facts.mounts.filter(m, m.path == \'/\').map(m, m.free) }}"}\n  when: listing.rc == 0 && facts.ostree.booted.version.startsWith("41.")',
    ],
    [
      'the item of a loop over facts is known by its type',
      '- debug: {msg: "${{ item.path }}"}\n  loop: ${{ facts.devices.filter(d, d.type == "disk") }}',
    ],
    [
      'the results of a loop are a list',
      '- command: ls\n  loop: [1, 2]\n  register: all\n- debug: {msg: "${{ all.results.map(r, r.stdout).join() }}"}',
    ],
    [
      'arguments with unknown parts are not judged by them',
      '- file: {path: "${{ facts.user.home }}", state: directory, mode: "${{ facts.hostname }}"}',
    ],
    [
      'until and failed_when see the own result',
      '- command: ls\n  register: mine\n  until: result.rc == 0 && mine.stdout != ""\n  failed_when: mine.rc > 1',
    ],
    [
      'a rescue sees what failed',
      '- block:\n    - command: ls\n  rescue:\n    - debug: {msg: "${{ failed_task.name }} ${{ failed_result.msg }}"}',
    ],
    [
      'loops of blocks give their item to the tasks',
      '- loop: [{name: a}]\n  block:\n    - debug: {msg: "${{ item.name }} ${{ index }}"}',
    ],
    ['delegation to localhost needs no inventory', '- debug: {msg: "${{ groups.web.map(h, hosts[h].port) }}"}'],
  ];
  it.each(right)('accepts: %s', async (_title, tasks) => {
    expect(await check(tasks)).toEqual([]);
  });

  const wrong: [string, string, string[]][] = [
    [
      'a variable that some hosts lack',
      '- debug: {msg: "${{ vars.proxy }}"}',
      ['3:30: vars has no "proxy" (on 2 of 3 hosts: web2, web3) [E_NAME]'],
    ],
    ['one that all lack', '- debug: {msg: "${{ vars.prxy }}"}', ['3:30: vars has no "prxy" [E_NAME]']],
    [
      'one that no host has, even behind a condition on facts',
      '- debug: {msg: "${{ vars.nobody }}"}\n  when: facts.cpus > 2',
      ['3:30: vars has no "nobody" [E_NAME]'],
    ],
    [
      'a value that only fails for one host',
      '- debug: {msg: "${{ vars.disks[0] }}"}',
      ['3:36: the list has 0 elements, there is none at 0 (on 1 of 3 hosts: web3) [E_EXPR]'],
    ],
    [
      'an item of a loop',
      '- command: ls ${{ item.nam }}\n  loop: [{name: a}, {nam: b}]',
      ['3:28: item has no "nam" [E_NAME]'],
    ],
    [
      'a mistake in the item of a loop over a block',
      '- loop: [{name: a}]\n  block:\n    - debug: {msg: "${{ item.nam }}"}',
      ['5:34: item has no "nam" [E_NAME]'],
    ],
    [
      'a field that results do not have',
      '- command: ls\n  register: x\n- debug: {msg: "${{ x.std }}"}',
      ['5:27: x has no "std" [E_NAME]'],
    ],
    ['a mistake in a handler', '- command: ls\n  notify: h', ['6:22: vars has no "nope" [E_NAME]']],
  ];
  it.each(wrong)('finds %s', async (_title, tasks, messages) => {
    const handlers = '  handlers:\n    - {name: h, command: "ls ${{ vars.nope }}"}\n';
    const found = await check(tasks, tasks.includes('notify') ? { head: handlers } : {});

    expect(found.map((line) => (tasks.includes('notify') ? line.replace(/^\d+:\d+/, '6:22') : line))).toEqual(messages);
  });

  it('looks only at selected hosts and tasks', async () => {
    const tasks = '- debug: {msg: "${{ vars.proxy }}"}\n  tags: [a]\n- debug: {msg: "${{ vars.nobody }}"}\n  tags: [b]';

    expect(await check(tasks, { limit: 'web1', tags: ['a'] })).toEqual([]);
    expect(await check(tasks, { limit: 'web2', tags: ['a'] })).toEqual(['3:30: vars has no "proxy" [E_NAME]']);
  });

  it('knows the variables of -e and those that are asked for', async () => {
    const head = '  vars_prompt: [{name: token}]\n';

    expect(await check('- debug: {msg: "${{ vars.zone + vars.token }}"}', { head, extraVars: { zone: 'eu' } })).toEqual(
      [],
    );
    expect(await check('- debug: {msg: "${{ vars.token + 1 }}"}', { head })).toEqual([
      '4:25: "+" does not go between a string and a number [E_EXPR]',
    ]);
  });

  it('counts hosts in the order of the inventory and names three', async () => {
    const hosts = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`h${i}`, i % 10 === 0 ? {} : { port: 1 }]));

    expect(await check('- debug: {msg: "${{ vars.port }}"}', { hosts })).toEqual([
      '3:30: vars has no "port" (on 5 of 50 hosts: h0, h10, h20, …) [E_NAME]',
    ]);
  });

  it('does not look at each of a thousand hosts that a task cannot tell apart', async () => {
    let reads = 0;
    const vars = () =>
      Object.defineProperty({} as Record<string, string>, 'unrelated', {
        enumerable: true,
        get: () => `${(reads += 1)}`,
      });
    const hosts = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`h${i}`, vars()]));

    expect(await check('- command: ls\n- debug: {msg: "${{ facts.kernel }}"}', { hosts })).toEqual([]);
    expect(reads).toBe(0);
  });
});

describe('lists', () => {
  it('show plays with their hosts and selected tasks', async () => {
    const playbook = await load(
      '- name: one\n  hosts: web:!web3\n  tags: [p]\n  tasks:\n    - name: a\n      command: ls\n    - block:\n        - command: pwd\n      tags: [x]\n    - {name: c, command: ls, tags: [never]}\n',
    );

    expect(listPlays(playbook, inventoryOf(HOSTS), { tags: [], skipTags: [] })).toEqual([
      {
        index: 1,
        name: 'one',
        pattern: 'web:!web3',
        tags: ['p'],
        hosts: ['web1', 'web2'],
        tasks: [
          { id: '1.1', name: 'a', module: 'command', tags: ['p'], depth: 0 },
          { id: '1.2.1', name: 'command pwd', module: 'command', tags: ['p', 'x'], depth: 1 },
        ],
      },
    ]);
  });
});
