import { describe, expect, it } from 'vitest';
import { registeredResult } from '../../src/playbook/results.ts';
import { loadPlay, tasksOf } from './load-text.ts';

describe('what is registered', () => {
  it('holds every field the module promises, empty where nothing happened', async () => {
    const [task] = tasksOf((await loadPlay('- hosts: web\n  tasks:\n    - command: ls\n')).tasks);

    expect(task && registeredResult(task, { skipped: true, skip_reason: 'when: x' })).toEqual({
      changed: false,
      failed: false,
      skipped: true,
      skip_reason: 'when: x',
      msg: '',
      diff: [],
      rc: 0,
      stdout: '',
      stderr: '',
      stdout_lines: [],
      ran: false,
    });
  });

  it('does so for each item of a loop', async () => {
    const [task] = tasksOf((await loadPlay('- hosts: web\n  tasks:\n    - command: ls\n      loop: [1]\n')).tasks);

    expect(task && registeredResult(task, { changed: true, results: [{ rc: 2, item: 1 }] })).toMatchObject({
      changed: true,
      msg: '',
      results: [{ rc: 2, item: 1, stdout: '' }],
    });
  });
});
