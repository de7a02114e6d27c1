import type { Problem } from '../core/problem.ts';
import type { Play } from './types.ts';

/** Names that a notification reaches. */
export function handlerNames(play: Play): ReadonlySet<string> {
  return new Set(play.handlers.flatMap((handler) => [handler.name, ...handler.listen]).filter((name) => name !== ''));
}

/** Handlers that nobody can notify, or of which a name would reach only one. */
export function checkHandlers(play: Play): readonly Problem[] {
  const problems: Problem[] = [];
  const seen = new Map<string, number>();
  for (const handler of play.handlers) {
    if (handler.name === '' && handler.listen.length === 0) {
      problems.push({
        code: 'E_MISSING',
        message: 'a handler needs a name, or something to "listen" to',
        hint: 'add name: …',
        at: handler.at,
      });
    }
    const line = seen.get(handler.name);
    if (handler.name !== '' && line !== undefined) {
      const message = `a handler "${handler.name}" is there already, in line ${line}`;
      problems.push({
        code: 'E_VALUE',
        message,
        hint: 'give it another name; several can "listen" to one',
        at: handler.at,
      });
    }
    seen.set(handler.name, line ?? handler.at.line);
  }
  return problems;
}
