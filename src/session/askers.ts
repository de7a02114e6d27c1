import type { Answers, Questions } from '../core/answer.ts';
import { createAsker, type Asker } from './asking.ts';
import type { Limits } from './limits.ts';
import type { Link } from './link.ts';
import type { Secrets } from './secrets.ts';
import type { Identity } from './session.ts';

/** The askers of a session, one for each identity. */
export interface Askers {
  of(as: Identity): Asker;
  /** Asks as that identity; questions marked `asLogin` as the login user, at the same time. */
  ask(questions: Questions, as: Identity, signal: AbortSignal): Promise<Answers>;
  close(): void;
}

/** Askers that open their shells when they are first asked. */
export function createAskers(link: Link, limits: Limits, secrets: Secrets): Askers {
  const known = new Map<string, Asker>();

  function of(as: Identity): Asker {
    const key = as === undefined ? '' : `${as.method}:${as.user}`;
    const asker = known.get(key) ?? createAsker(link, as, limits);
    known.set(key, asker);
    secrets.add(as?.password);
    return asker;
  }
  return {
    of,
    async ask(questions, as, signal) {
      const login = pick(questions, (asLogin) => as !== undefined && asLogin);
      const own = pick(questions, (asLogin) => as === undefined || !asLogin);
      const alone = Object.keys(login).length === 0;
      if (alone) return of(as).ask(own, signal);
      const both = await Promise.all([of(undefined).ask(login, signal), of(as).ask(own, signal)]);
      return { ...both[0], ...both[1] };
    },
    close() {
      for (const asker of known.values()) asker.close();
    },
  };
}

function pick(questions: Questions, wanted: (asLogin: boolean) => boolean): Questions {
  return Object.fromEntries(Object.entries(questions).filter(([, question]) => wanted(question.asLogin === true)));
}
