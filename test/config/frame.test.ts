import { describe, expect, it } from 'vitest';
import { renderProblem, renderProblems } from '../../src/config/frame.ts';
import { parseSource } from '../../src/config/source.ts';

describe('a problem as a person reads it', () => {
  it('shows file, line, column, the line with a caret under the piece, and what to type', () => {
    const text = `${'\n'.repeat(13)}        package: tmux\n`;
    const at = { file: 'playbooks/upgrade.yml', line: 14, col: 9, length: 7, text: text.split('\n')[13] ?? '' };

    expect(
      renderProblem({
        code: 'E_PARAM',
        message: 'rpm_ostree.package: no such parameter',
        hint: 'did you mean "packages"?',
        at,
      }),
    ).toBe(
      [
        'playbooks/upgrade.yml:14:9: rpm_ostree.package: no such parameter [E_PARAM]',
        '   14 |         package: tmux',
        '      |         ^^^^^^^',
        '   hint: did you mean "packages"?',
      ].join('\n'),
    );
  });

  it('shows no excerpt without a place', () => {
    expect(renderProblem({ code: 'E_NAME', message: '--tags: no task has the tag "x"' })).toBe(
      '--tags: no task has the tag "x" [E_NAME]',
    );
  });

  it('keeps a terminal sane: tabs, escapes and direction marks take one harmless column', () => {
    const at = { file: 'a.yml', line: 1, col: 4, length: 2, text: 'a:\t\u001B[31mx\u202E' };

    expect(renderProblem({ code: 'E_YAML', message: 'odd \u001B[2J', at })).toBe(
      'a.yml:1:4: odd \uFFFD[2J [E_YAML]\n    1 | a: \uFFFD[31mx\uFFFD\n      |    ^^',
    );
  });

  it('cuts a long line so that the caret still stands under the piece', () => {
    const source = parseSource('a.yml', `a: [${'word, '.repeat(100)}HERE, ${'word, '.repeat(100)}]`);

    const [, line = '', caret = ''] = renderProblem({
      code: 'E_VALUE',
      message: 'x',
      at: source.place(['a', 100]),
    }).split('\n');

    expect(line.length).toBeLessThan(180);
    expect(line.slice(caret.indexOf('^'), caret.lastIndexOf('^') + 1)).toBe('HERE');
  });

  it('lists problems by file and place, each once', () => {
    const at = (line: number, col: number) => ({ file: 'a.yml', line, col });
    const one = (message: string, line: number, col: number) => ({
      code: 'E_KEY' as const,
      message,
      at: at(line, col),
    });

    expect(renderProblems([one('third', 10, 1), one('first', 2, 5), one('second', 2, 9), one('first', 2, 5)])).toBe(
      'a.yml:2:5: first [E_KEY]\na.yml:2:9: second [E_KEY]\na.yml:10:1: third [E_KEY]',
    );
  });
});
