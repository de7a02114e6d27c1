import type { Answers, Questions } from '../core/answer.ts';
import type { HostSession, Identity } from '../session/session.ts';

/** The questions of one task (or of one item of its loop) and who asks them. */
export interface Wish {
  readonly key: string;
  readonly questions: Questions;
  readonly as: Identity;
}

/** Answers asked ahead of their task; valid only while nothing on the host has changed since. */
export interface Prefetch {
  /** The answers to a task's questions: from what was asked ahead, or asked now together with what `ahead` offers. */
  answers(wish: Wish, ahead: (count: number) => Promise<readonly Wish[]>, signal: AbortSignal): Promise<Answers>;
  /** Something on the host changed, or may have: forget all answers. */
  invalidate(): void;
}

const WIDEST = 128;
const SEPARATOR = '\u001F';

/**
 * Batches questions of the following tasks into the round trip of the present one. The window narrows after each change
 * (answers would be thrown away) and widens again while nothing changes, so that neither a converged host nor a fresh one pays.
 */
export function createPrefetch(session: HostSession): Prefetch {
  const known = new Map<string, { readonly questions: string; readonly answers: Answers }>();
  let window = WIDEST;

  return {
    async answers(wish, ahead, signal) {
      const cached = known.get(wish.key);
      known.delete(wish.key);
      if (cached !== undefined && cached.questions === fingerprint(wish)) return cached.answers;
      if (Object.keys(wish.questions).length === 0) return {};
      const others = (await ahead(window)).filter((other) => other.key !== wish.key && !known.has(other.key));
      window = Math.min(WIDEST, window * 4);
      const wishes = [wish, ...others];
      const answers = await askAll(session, wishes, signal);
      for (const other of others) {
        const answer = answers.get(other.key);
        if (answer !== undefined) known.set(other.key, { questions: fingerprint(other), answers: answer });
      }
      return answers.get(wish.key) ?? {};
    },
    invalidate() {
      known.clear();
      window = 2;
    },
  };
}

/** One `ask` per identity, all at the same time. */
async function askAll(
  session: HostSession,
  wishes: readonly Wish[],
  signal: AbortSignal,
): Promise<Map<string, Answers>> {
  const byIdentity = new Map<string, Wish[]>();
  for (const wish of wishes) {
    const key = identityKey(wish.as);
    byIdentity.set(key, [...(byIdentity.get(key) ?? []), wish]);
  }
  const parts = await Promise.all(
    [...byIdentity.values()].map(async (group) => {
      const answers = await session.ask(merged(group), group[0]?.as, signal);
      return split(group, answers);
    }),
  );
  return new Map(parts.flatMap((part) => [...part]));
}

function merged(wishes: readonly Wish[]): Questions {
  const all: Record<string, Questions[string]> = {};
  wishes.forEach((wish, index) => {
    for (const [name, question] of Object.entries(wish.questions)) all[`${index}${SEPARATOR}${name}`] = question;
  });
  return all;
}

function split(wishes: readonly Wish[], answers: Answers): [string, Answers][] {
  return wishes.map((wish, index) => {
    const own: Record<string, Answers[string]> = {};
    for (const name of Object.keys(wish.questions)) {
      const answer = answers[`${index}${SEPARATOR}${name}`];
      if (answer !== undefined) own[name] = answer;
    }
    return [wish.key, own];
  });
}

function fingerprint(wish: Wish): string {
  return `${identityKey(wish.as)}${SEPARATOR}${JSON.stringify(wish.questions)}`;
}

/** A text that is the same for the same user and method. */
export function identityKey(as: Identity): string {
  return as === undefined ? '' : `${as.method}:${as.user}`;
}
