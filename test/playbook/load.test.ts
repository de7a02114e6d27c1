import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadPlaybook } from '../../src/playbook/load.ts';
import type { TaskNode } from '../../src/playbook/types.ts';
import { load, loadPlay, messagesOf, tasksOf } from './load-text.ts';

const folder = mkdtempSync(join(tmpdir(), 'copse-load-'));
afterAll(() => rmSync(folder, { recursive: true }));

function ids(nodes: readonly TaskNode[]): unknown[] {
  return nodes.map((node) =>
    node.kind === 'block' ? [node.id, ids(node.block), ids(node.rescue), ids(node.always)] : `${node.kind} ${node.id}`,
  );
}

describe('a playbook', () => {
  it('gives every task an identity that says where it stands', async () => {
    const play = await loadPlay(`
- hosts: web
  pre_tasks:
    - command: a
  tasks:
    - command: b
    - block:
        - command: c
        - block:
            - command: d
      rescue:
        - command: e
      always:
        - command: f
    - meta: flush_handlers
    - command: g
  post_tasks:
    - command: h
  handlers:
    - name: one
      command: i
`);

    expect(ids(play.tasks)).toEqual([
      'task 1.1',
      'flush 1.2',
      'task 1.3',
      ['1.4', ['task 1.4.1', ['1.4.2', ['task 1.4.2.1'], [], []]], ['task 1.4.r1'], ['task 1.4.a1']],
      'flush 1.5',
      'task 1.6',
      'flush 1.7',
      'task 1.8',
      'flush 1.9',
    ]);
    expect(ids(play.handlers)).toEqual(['task 1.h1']);
  });

  it('may be one play that stands alone, and may have none', async () => {
    expect((await load('hosts: all\ntasks: []\n')).plays).toHaveLength(1);
    expect((await load('[]\n')).plays).toEqual([]);
  });

  it('hands keywords down, and the nearest one wins', async () => {
    const play = await loadPlay(`
- hosts: web
  become: true
  tags: [base]
  any_errors_fatal: true
  timeout: 5m
  environment: {A: "1"}
  tasks:
    - name: outer
      tags: web
      become_user: app
      when: vars.a
      no_log: true
      vars: {x: 1}
      ignore_errors: true
      notify: one
      block:
        - name: inner
          become: false
          tags: [web, x]
          when: [vars.b, vars.c]
          timeout: 90
          environment: {B: "2"}
          vars: {y: 2}
          ignore_errors: vars.soft
          check_mode: false
          notify: [two]
          command: ls
`);

    const [task] = tasksOf(play.tasks);

    expect({
      name: task?.name,
      tags: task?.tags,
      become: task?.become.become,
      user: task?.become.user?.raw,
      when: task?.when.map(({ text }) => text),
      environment: task?.environment.map(({ raw }) => raw),
      vars: task?.vars.map(({ raw }) => raw),
      timeoutMs: task?.timeoutMs,
      noLog: task?.noLog,
      anyErrorsFatal: task?.anyErrorsFatal,
      ignoreErrors: typeof task?.ignoreErrors === 'object' ? task.ignoreErrors.text : task?.ignoreErrors,
      checkMode: task?.checkMode,
      notify: task?.notify?.raw,
    }).toEqual({
      name: 'inner',
      tags: ['base', 'web', 'x'],
      become: false,
      user: 'app',
      when: ['vars.a', 'vars.b', 'vars.c'],
      environment: [{ A: '1' }, { B: '2' }],
      vars: [{ x: 1 }, { y: 2 }],
      timeoutMs: 90_000,
      noLog: true,
      anyErrorsFatal: true,
      ignoreErrors: 'vars.soft',
      checkMode: false,
      notify: ['one', ['two']],
    });
  });

  it('fills in what is left out', async () => {
    const [task] = tasksOf((await loadPlay('- hosts: web\n  tasks:\n    - command: ls\n')).tasks);

    expect([
      task?.name,
      task?.retries,
      task?.delayMs,
      task?.loopControl.loopVar,
      task?.loopControl.indexVar,
      task?.register,
      task?.runOnce,
      task?.become,
    ]).toEqual(['command ls', 0, 5000, 'item', 'index', undefined, false, {}]);
  });

  it('reads every keyword of a play', async () => {
    const play = await loadPlay(`
- name: all of them
  hosts: [web, "!web1"]
  gather_facts: false
  strategy: free
  serial: [1, 10%, 100%]
  max_fail_percentage: 20
  forks: 3
  become_method: doas
  vars_prompt:
    - {name: token}
    - {name: zone, prompt: which zone?, private: false, default: eu}
`);

    const { hosts, gatherFacts, strategy, serial, maxFailPercentage, forks, prompts, become, name } = play;
    expect({ hosts, gatherFacts, strategy, serial, maxFailPercentage, forks, prompts, become, name }).toEqual({
      name: 'all of them',
      hosts: 'web,!web1',
      gatherFacts: false,
      strategy: 'free',
      serial: [1, '10%', '100%'],
      maxFailPercentage: 20,
      forks: 3,
      become: { method: 'doas' },
      prompts: [
        { name: 'token', prompt: 'token', secret: true, default: undefined },
        { name: 'zone', prompt: 'which zone?', secret: false, default: 'eu' },
      ],
    });
  });

  it('takes what means the same in Ansible as it is', async () => {
    const play = await loadPlay(`
- hosts: web
  tasks:
    - ansible.builtin.command: ls -l
    - ansible.builtin.copy: {dest: /etc/motd, content: hi}
      become: true
      become_user: root
    - community.general.copy: {dest: /etc/motd, content: hi}
    - ansible.builtin.meta: flush_handlers
    - command: echo "{{.Names}}"
`);

    expect(tasksOf(play.tasks).map(({ module, moduleKey }) => `${module.name} ${moduleKey}`)).toEqual([
      'command ansible.builtin.command',
      'copy ansible.builtin.copy',
      'copy community.general.copy',
      'command command',
    ]);
  });

  it('follows imports, each path relative to the file that names it', async () => {
    mkdirSync(join(folder, 'tasks/deep'), { recursive: true });
    mkdirSync(join(folder, 'vars'), { recursive: true });
    writeFileSync(
      join(folder, 'site.yml'),
      '- import_playbook: base.yml\n  vars: {zone: eu}\n  tags: [base]\n- hosts: web\n  vars_files: vars/a.yml\n  vars: {a: 0, b: 0}\n  tasks:\n    - import_tasks: tasks/one.yml\n      vars: {c: 1}\n      when: vars.c\n      tags: [t]\n',
    );
    writeFileSync(
      join(folder, 'base.yml'),
      '- hosts: all\n  vars: {zone: us, own: 1}\n  tasks:\n    - command: base\n',
    );
    writeFileSync(join(folder, 'vars/a.yml'), 'a: 1\n');
    writeFileSync(join(folder, 'tasks/one.yml'), '- command: one\n- import_tasks: deep/two.yml\n');
    writeFileSync(join(folder, 'tasks/deep/two.yml'), '- command: two\n  when: vars.d\n');

    const playbook = await loadPlaybook(['site.yml'], { cwd: folder, extraVars: {} });

    const [base, site] = playbook.plays;
    expect(playbook.files).toEqual(['site.yml', 'base.yml', 'vars/a.yml', 'tasks/one.yml', 'tasks/deep/two.yml']);
    expect([base?.playVars.raw, base?.tags, site?.playVars.raw]).toEqual([
      { zone: 'us', own: 1 },
      ['base'],
      { a: 1, b: 0 },
    ]);
    expect(
      tasksOf(site?.tasks ?? []).map((task) => [
        task.id,
        task.at.file,
        task.when.map(({ text }) => text),
        task.tags,
        task.folders.map((path) => path.slice(folder.length)),
      ]),
    ).toEqual([
      ['2.1', 'tasks/one.yml', ['vars.c'], ['t'], ['/tasks', '']],
      ['2.2', 'tasks/deep/two.yml', ['vars.c', 'vars.d'], ['t'], ['/tasks/deep', '/tasks', '']],
    ]);
  });

  it('shows problems of a file that is imported twice once', async () => {
    writeFileSync(
      join(folder, 'twice.yml'),
      '- hosts: all\n  tasks:\n    - import_tasks: bad.yml\n    - import_tasks: bad.yml\n',
    );
    writeFileSync(join(folder, 'bad.yml'), 'a: 1\na: 2\n');

    const messages = await messagesOf(() => loadPlaybook(['twice.yml'], { cwd: folder, extraVars: {} }));

    expect(messages.filter((message) => message.includes('second time'))).toEqual([
      'bad.yml:2:1: the key "a" stands here for the second time [E_YAML]',
    ]);
  });
});
