import { describe, expect, it } from 'vitest';
import { selectedByTags, unknownStart, unknownTags } from '../../src/playbook/tags.ts';
import { load } from './load-text.ts';

describe('a task', () => {
  const table: [string[], string, string, boolean][] = [
    // own tags, --tags, --skip-tags, takes part
    [[], '', '', true],
    [['a'], '', '', true],
    [['never'], '', '', false],
    [['never', 'a'], '', '', false],
    [['always'], '', '', true],
    [['a'], 'a', '', true],
    [['a'], 'b', '', false],
    [['a', 'b'], 'b', '', true],
    [[], 'a', '', false],
    [['always'], 'a', '', true],
    [['never', 'a'], 'a', '', true],
    [['never', 'a'], 'never', '', true],
    [['never'], 'all', '', false],
    [['a'], 'all', '', true],
    [['a'], 'tagged', '', true],
    [[], 'tagged', '', false],
    [['never', 'a'], 'tagged', '', false],
    [[], 'untagged', '', true],
    [['a'], 'untagged', '', false],
    [['always'], 'untagged', '', true],
    [['a'], '', 'a', false],
    [['a'], '', 'b', true],
    [['a', 'b'], 'a', 'b', false],
    [['always'], '', 'all', true],
    [['always'], '', 'always', false],
    [['always', 'a'], '', 'a', false],
    [['a'], '', 'all', false],
    [['a'], '', 'tagged', false],
    [['always'], '', 'tagged', true],
    [[], '', 'tagged', true],
    [[], '', 'untagged', false],
    [['a'], '', 'untagged', true],
  ];
  it.each(table)('tagged %j, with --tags "%s" and --skip-tags "%s", takes part: %s', (own, tags, skip, want) => {
    const words = (text: string) => text.split(',').filter((word) => word !== '');

    expect(selectedByTags(own, { tags: words(tags), skipTags: words(skip) })).toBe(want);
  });
});

describe('tags of the command line', () => {
  it('that no task has are a problem', async () => {
    const playbook = await load(
      '- hosts: all\n  tasks:\n    - block:\n        - command: ls\n      tags: [config]\n  handlers:\n    - {name: h, command: ls, tags: [late]}\n',
    );

    expect(unknownTags(playbook, { tags: ['confg', 'late', 'all'], skipTags: ['zzz'] })).toEqual([
      { code: 'E_NAME', message: '--tags: no task has the tag "confg"', hint: 'did you mean "config"?' },
      { code: 'E_NAME', message: '--skip-tags: no task has the tag "zzz"', hint: 'there are: config, late' },
    ]);
  });
});

describe('--start-at-task', () => {
  it('needs the name of a task', async () => {
    const playbook = await load('- hosts: all\n  tasks:\n    - block:\n        - {name: second step, command: ls}\n');

    expect(unknownStart(playbook, 'second step')).toEqual([]);
    expect(unknownStart(playbook, 'secnd step')).toEqual([
      {
        code: 'E_NAME',
        message: '--start-at-task: there is no task "secnd step"',
        hint: 'did you mean "second step"?',
      },
    ]);
  });
});
