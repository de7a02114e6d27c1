import type { Problem } from '../core/problem.ts';

/** Problems without repetitions: what is said of one place twice is one problem. */
export function uniqueProblems(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>();
  return problems.filter(({ code, message, at }) => {
    const key = `${code} ${message} ${at?.file}:${at?.line}:${at?.col}`;
    return !seen.has(key) && seen.add(key);
  });
}
