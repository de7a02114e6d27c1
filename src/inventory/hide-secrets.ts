import type { Problem } from '../core/problem.ts';
import { SECRET_VARIABLES } from './connection-variables.ts';

const ASSIGNMENT = new RegExp(`(?:${SECRET_VARIABLES.join('|')})["']?(?:\\s*[=:]\\s*|\\s+)`);
/** What only refers to a secret may be shown. */
const REFERENCE = /^["']?(?:!secret\b|\{\{|\{%|\$\{\{)/;

/** A problem whose excerpt and message show no password: from where one begins, the line is `*`. */
export function hideSecrets(problem: Problem): Problem {
  const text = problem.at?.text;
  const found = text === undefined ? null : ASSIGNMENT.exec(text);
  if (problem.at === undefined || text === undefined || found === null) return problem;
  const start = found.index + found[0].length;
  const secret = text.slice(start);
  if (REFERENCE.test(secret)) return problem;
  const hide = (words: string): string => hideIn(words, text, secret);
  return {
    ...problem,
    message: hide(problem.message),
    at: { ...problem.at, text: text.slice(0, start) + secret.replaceAll(/\S/g, '*') },
    ...(problem.hint !== undefined && { hint: hide(problem.hint) }),
  };
}

/** Words that quote the line, the end of the line, or a piece of it. */
function hideIn(words: string, line: string, secret: string): string {
  const whole = words.replaceAll(line, line.slice(0, line.length - secret.length) + '***').replaceAll(secret, '***');
  return whole.replaceAll(/"([^"]+)"/g, (quoted, inner: string) => (secret.includes(inner) ? '"***"' : quoted));
}
