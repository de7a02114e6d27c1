import type { Answer, Answers, Questions } from '../core/answer.ts';
import type { Command } from '../core/command.ts';
import { abortedFault, brokenFault } from './faults.ts';
import { createHeldShell, endStatement } from './held-shell.ts';
import type { Limits } from './limits.ts';
import type { Link } from './link.ts';
import type { Identity } from './session.ts';
import type { Statement } from './shell.ts';
import { questionStatement } from './statement.ts';

/** Asks questions as one identity, over a shell that is opened when it is needed and again when it broke. */
export interface Asker {
  /** Calls wait for each other. What the shell or the link broke is asked again, three times at most. */
  ask(questions: Questions, signal: AbortSignal): Promise<Answers>;
  /** Ends a process group that this identity started, and waits until it is gone. Rejects when there is no shell for it. */
  endGroup(pid: number): Promise<void>;
  isOpen(): boolean;
  /** Somebody waits for an answer. */
  isBusy(): boolean;
  /** Closes the shell; the next `ask` opens one. */
  close(): void;
}

/** How often one question may find its shell broken. */
const TRIES = 3;

/** Exit statuses of questions that were ended: by their deadline (as `timeout` has it), for printing without end (SIGPIPE). */
const ENDED = { deadline: 124, flood: 141 } as const;

/** An asker whose shell is not open yet. */
export function createAsker(link: Link, as: Identity, limits: Limits): Asker {
  const shell = createHeldShell(link, as, limits);
  let turn: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  async function askAll(questions: Questions, signal: AbortSignal): Promise<Answers> {
    if (signal.aborted) throw abortedFault('asking the host');
    const entries = Object.entries(questions);
    const statements = entries.map(([, question]) => statementOf(question, limits));
    const answers: Answer[] = [];
    let tries = 0;
    do {
      const { answers: came, end, partial } = await shell.batch(statements.slice(answers.length), signal);
      answers.push(...came);
      if (end.how === 'done') break;
      shell.giveUp();
      if (end.how === 'aborted') {
        await shell.sweep();
        throw abortedFault('asking the host');
      }
      tries = end.how !== 'lost' || came.length > 0 ? 0 : tries;
      if (end.how !== 'lost') answers.push(ended(partial, end.how));
      else if ((tries += 1) >= TRIES) throw brokenFault(entries[answers.length]?.[1], tries, end.reason);
    } while (answers.length < entries.length);
    await shell.sweep();
    return Object.fromEntries(
      entries.flatMap(([name], index) => (answers[index] === undefined ? [] : [[name, answers[index]]])),
    );
  }
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    waiting += 1;
    const mine = turn.then(act).finally(() => {
      waiting -= 1;
    });
    turn = mine.catch(() => undefined);
    return mine;
  }

  return {
    ask: (questions, signal) => inTurn(() => askAll(questions, signal)),
    endGroup: (pid) =>
      inTurn(async () => {
        const signal = AbortSignal.timeout(4 * limits.stopMs);
        await shell.batch([endStatement(pid, undefined, limits)], signal);
      }),
    isOpen: () => shell.isOpen(),
    isBusy: () => waiting > 0,
    close: () => shell.close(),
  };
}

function statementOf(question: Command, { questionMs }: Limits): Statement {
  return { payload: (number) => questionStatement(question, number), timeoutMs: question.timeoutMs ?? questionMs };
}

function ended(partial: Answer, how: keyof typeof ENDED): Answer {
  return { ...partial, code: ENDED[how], ...(how === 'flood' ? { truncated: true } : {}) };
}
