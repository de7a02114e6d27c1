import type { Answers, Questions } from '../core/answer.ts';
import { createAsker, type Asker } from './asking.ts';
import { refusedChannel } from './faults.ts';
import { identityKey } from './identity.ts';
import type { Limits } from './limits.ts';
import type { Link } from './link.ts';
import type { Identity } from './session.ts';
import type { Secrets } from './secrets.ts';

/** The askers of a session, one for each identity. */
export interface Askers {
  /** Asks as that identity; questions marked `asLogin` as the login user, at the same time. */
  ask(questions: Questions, as: Identity, signal: AbortSignal): Promise<Answers>;
  /** Ends a process group that this identity started, over a new connection where the present one has no channel for that. Gives up silently. */
  endGroup(pid: number, as: Identity): Promise<void>;
  /** Closes the shells that nobody waits for, so that the host has channels for something else; says whether there were any. */
  makeRoom(): boolean;
  close(): void;
}

/** Shells that stay open at the same time; sshd by default has ten channels, and reaps them late. */
const MOST_OPEN = 2;

/** Askers that open their shells when they are first asked. */
export function createAskers(link: Link, limits: Limits, secrets: Secrets): Askers {
  /** By identity; the one that was asked last comes last. */
  const known = new Map<string, Asker>();

  function of(as: Identity): Asker {
    const key = identityKey(as);
    const asker = known.get(key) ?? createAsker(link, as, limits);
    known.delete(key);
    known.set(key, asker);
    secrets.add(as?.password);
    closeIdle(MOST_OPEN - 1, asker);
    return asker;
  }
  /** Closes idle shells, the longest unused first, until at most `keep` beside `but` are open. */
  function closeIdle(keep: number, but?: Asker): boolean {
    const open = [...known.values()].filter((asker) => asker !== but && asker.isOpen());
    const spare = open.slice(0, Math.max(0, open.length - keep)).filter((asker) => !asker.isBusy());
    for (const asker of spare) asker.close();
    return spare.length > 0;
  }
  function close(): void {
    for (const asker of known.values()) asker.close();
  }
  async function askOne(questions: Questions, as: Identity, signal: AbortSignal): Promise<Answers> {
    const asker = of(as);
    try {
      return await asker.ask(questions, signal);
    } catch (error) {
      if (!refusedChannel(error) || !closeIdle(0, asker)) throw error;
      return asker.ask(questions, signal);
    }
  }

  return {
    async ask(questions, as, signal) {
      const login = pick(questions, (asLogin) => as !== undefined && asLogin);
      const own = pick(questions, (asLogin) => as === undefined || !asLogin);
      if (Object.keys(login).length === 0) return askOne(own, as, signal);
      if (Object.keys(own).length === 0) return askOne(login, undefined, signal);
      const both = await Promise.all([askOne(login, undefined, signal), askOne(own, as, signal)]);
      return { ...both[0], ...both[1] };
    },
    async endGroup(pid, as) {
      try {
        await of(as).endGroup(pid);
      } catch (error) {
        if (!refusedChannel(error)) return;
        // sshd passes no signals on for root; and the command itself is what holds the only channel.
        close();
        await link.drop();
        await of(as)
          .endGroup(pid)
          .catch(() => undefined);
      }
    },
    makeRoom: () => closeIdle(0),
    close,
  };
}

function pick(questions: Questions, wanted: (asLogin: boolean) => boolean): Questions {
  return Object.fromEntries(Object.entries(questions).filter(([, question]) => wanted(question.asLogin === true)));
}
