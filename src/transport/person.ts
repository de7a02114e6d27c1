import type { Target } from '../core/target.ts';
import type { AskPassphrase } from './key-file.ts';
import type { Phase } from './phase.ts';
import type { ConnectOptions } from './transport.ts';

/** Puts a question to the person. */
export type Ask = NonNullable<ConnectOptions['ask']>;

/** The person at the keyboard during one connect, if there is one; no clock runs while they think. */
export interface Person {
  readonly ask: Ask | undefined;
  /** The phase whose clock stands still from now on while they are asked. */
  during(phase: Phase): void;
}

/** The person behind `ConnectOptions.ask`. */
export function person(ask: Ask | undefined): Person {
  let phase: Phase | undefined;
  return {
    ask:
      ask === undefined
        ? undefined
        : (question) => (phase === undefined ? ask(question) : phase.pausing(() => ask(question))),
    during(next) {
      phase = next;
    },
  };
}

/** The target's own passphrase first, then the person's. */
export function passphraseOf(target: Target, { ask }: Person): AskPassphrase {
  return async (path, again) => {
    if (!again && target.passphrase !== undefined) return target.passphrase.reveal();
    return ask?.({ prompt: `${again ? 'wrong passphrase; ' : ''}passphrase of ${path}: `, secret: true });
  };
}
