import type { Place, Problem } from '../core/problem.ts';

/** A problem as a person reads it: `file:line:col: message [CODE]`, the line with a caret, and the hint. No line end at its end. */
export function renderProblem(problem: Problem): string {
  const { at, code, message, hint } = problem;
  const where = at === undefined ? '' : `${shown(at.file)}:${at.line}:${at.col}: `;
  const lines = [`${where}${shown(message)} [${code}]`, ...(at?.text === undefined ? [] : excerpt(at, at.text))];
  if (hint !== undefined)
    lines.push(
      ...shown(hint)
        .split('\n')
        .map((line, i) => `${i === 0 ? '   hint: ' : '         '}${line}`),
    );
  return lines.join('\n');
}

/** All problems in the order of their places, one after the other. */
export function renderProblems(problems: readonly Problem[]): string {
  return inOrder(problems).map(renderProblem).join('\n');
}

/** Problems by file in the order the files came, then by line and column; those without a place first; repetitions once. */
export function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const files = [...new Set(problems.map(({ at }) => at?.file))];
  const rank = ({ at }: Problem) => (at === undefined ? -1 : files.indexOf(at.file));
  const sorted = problems.toSorted(
    (a, b) => rank(a) - rank(b) || (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.col ?? 0) - (b.at?.col ?? 0),
  );
  const seen = new Set<string>();
  return sorted.filter((problem) => {
    const key = `${problem.code} ${problem.at?.file}:${problem.at?.line}:${problem.at?.col} ${problem.message}`;
    return seen.has(key) ? false : seen.add(key);
  });
}

function excerpt(at: Place, text: string): readonly string[] {
  const from = at.from ?? 1;
  const cut = from > 1 ? '…' : '';
  const before = Math.max(0, at.col - from) + cut.length;
  const line = `${cut}${shown(text)}`.trimEnd();
  const caret = '^'.repeat(Math.max(1, Math.min(at.length ?? 1, line.length - before)));
  return [`${String(at.line).padStart(5)} | ${line}`, `      | ${' '.repeat(before)}${caret}`];
}

/** Control characters and tabs take one column, so that the caret stands right and a terminal stays sane. */
function shown(text: string): string {
  return text
    .replaceAll('\t', ' ')
    .replaceAll(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g, '\uFFFD');
}
