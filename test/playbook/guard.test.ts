import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../src/core/problem.ts';
import { Secret } from '../../src/core/secret.ts';
import { checkPlaybook } from '../../src/playbook/check.ts';
import { guard } from '../../src/playbook/guard.ts';
import { inventoryOf, load } from './load-text.ts';

/** Everything a check says of the tasks of a play, by line. */
async function check(tasks: string): Promise<readonly string[]> {
  try {
    const playbook = await load(`- hosts: all\n  tasks:\n${tasks.replaceAll(/^/gm, '    ')}\n`);
    const inventory = inventoryOf({ web1: { minutes: 3, unit: 'sshd' } });
    return checkPlaybook(playbook, inventory, { extraVars: {} }).map(({ message }) => message);
  } catch (error) {
    return problemsOf(error).map(({ message }) => message);
  }
}

const block = (guarded: string, task = 'command: ls'): string => `- guard: ${guarded}\n  block:\n    - ${task}`;

describe('guard', () => {
  it.each([
    ['a time alone', '3m'],
    ['nothing at all', ''],
    [
      'every value',
      '{within: 90s, files: [/etc/a, /etc/b/], undo: [[nft, -f, /x]], reload: nftables, restart: [sshd.service]}',
    ],
    ['values of variables', '{within: "${{ vars.minutes }}m", restart: "${{ vars.unit }}"}'],
  ])('may be %s', async (_, guarded) => {
    expect(await check(block(guarded))).toEqual([]);
  });

  it.each([
    [
      'a time that is none',
      '{within: soon}',
      'guard.within: expected a duration such as "90s", "10m" or "1h30m", found "soon"',
    ],
    ['no time', '{within: 0s}', 'guard.within: expected a time between 1s and 24h, found 0'],
    [
      'a path that is not absolute',
      '{files: etc/ssh}',
      'guard.files: expected an absolute path, starting with "/", found "etc/ssh"',
    ],
    ['what nobody knows', '{revert: yes}', 'guard.revert: no such parameter'],
    ['a variable nobody has', '{restart: "${{ vars.units }}"}', 'vars has no "units"'],
  ])('refuses %s before any connection', async (_, guarded, problem) => {
    expect(await check(block(guarded))).toEqual([problem]);
  });

  it.each([
    [
      'a task that acts elsewhere',
      'delegate_to: web1\n      command: ls',
      '"delegate_to" cannot stand in a guarded block',
    ],
    ['a task that acts for all', 'run_once: true\n      command: ls', '"run_once" cannot stand in a guarded block'],
    ['another guard', 'guard: 1m\n      block: [{command: ls}]', 'this block stands in a guarded block already'],
  ])('refuses %s inside', async (_, task, problem) => {
    expect(await check(block('1m', task))).toEqual([expect.stringContaining(problem)]);
  });

  it('is a keyword of blocks only', async () => {
    expect(await check('- guard: 1m\n  command: ls')).toEqual([expect.stringContaining('"guard"')]);
  });

  it('takes no secret as a word: everybody on the host could read it', () => {
    const { error } = guard.params.safeParse({ undo: [['sh', '-c', new Secret('x')]] });

    expect(error?.issues.map(({ message }) => message)).toEqual([expect.stringMatching(/^a secret cannot be a word/)]);
  });

  it.each(guard.examples)('has examples that are right: %s', async (example) => {
    expect(await check(example)).toEqual([]);
  });
});
