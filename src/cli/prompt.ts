import confirm from '@inquirer/confirm';
import password from '@inquirer/password';
import { createInterface } from 'node:readline/promises';
import { fault } from '../core/problem.ts';
import type { Terminal } from './streams.ts';

/** Asks the person, one question at a time; whatever draws on the terminal is paused meanwhile. */
export interface Prompter {
  readonly canAsk: boolean;
  text(question: string, fallback?: string): Promise<string>;
  secret(question: string): Promise<string>;
  yes(question: string): Promise<boolean>;
}

/** A prompter on the process's terminal. Throws E_USAGE with a way around where nobody can answer. */
export function createPrompter(terminal: Terminal, pause: () => () => void): Prompter {
  const canAsk = terminal.stdinIsTTY && terminal.stderr.isTTY === true;
  let last: Promise<unknown> = Promise.resolve();

  function ask<T>(question: string, put: () => Promise<T>): Promise<T> {
    if (!canAsk) {
      const message = `nobody is there to answer "${question}": standard input is not a terminal`;
      throw fault({
        code: 'E_USAGE',
        message,
        hint: 'give the value with -e, in the inventory, or run it on a terminal',
      });
    }
    const answered = last.then(async () => {
      const resume = pause();
      try {
        return await put();
      } finally {
        resume();
      }
    });
    last = answered.catch(() => undefined);
    return answered;
  }

  const context = { output: process.stderr };
  return {
    canAsk,
    secret: (question) => ask(question, () => password({ message: question }, context)),
    yes: (question) => ask(question, () => confirm({ message: question, default: false }, context)),
    text: (question, fallback) =>
      ask(question, async () => {
        const lines = createInterface({ input: process.stdin, output: process.stderr });
        try {
          const answer = await lines.question(fallback === undefined ? `${question} ` : `${question} [${fallback}] `);
          return answer === '' && fallback !== undefined ? fallback : answer;
        } finally {
          lines.close();
        }
      }),
  };
}
