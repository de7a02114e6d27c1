import type { Limits } from './limits.ts';
import type { Link } from './link.ts';
import type { Batch } from './reading.ts';
import type { Identity } from './session.ts';
import { openShell, type Shell, type Statement } from './shell.ts';
import { endGroupStatement } from './statement.ts';

/** The one shell of an identity: opened when it is needed, and again after it was given up. */
export interface HeldShell {
  /** One batch; the first one in a new shell travels with its start. Rejects when no shell can be had. */
  batch(statements: readonly Statement[], signal: AbortSignal): Promise<Batch>;
  /** The shell is of no use any more; what it still runs is ended by the next one. */
  giveUp(): void;
  /** Ends what a given-up shell may still run, now. */
  sweep(): Promise<void>;
  isOpen(): boolean;
  close(): void;
}

/** A shell that is not open yet. */
export function createHeldShell(link: Link, as: Identity, limits: Limits): HeldShell {
  let shell: Shell | undefined;
  /** A shell that was given up and may still run its last question. */
  let remains: Shell | undefined;

  async function batch(statements: readonly Statement[], signal: AbortSignal): Promise<Batch> {
    if (shell !== undefined && !shell.isOver()) return shell.batch(statements, signal);
    const linked = await link.get(signal);
    const sweeping = remains === undefined ? [] : [endStatement(remains.hello.pid, remains.mark, limits)];
    shell = await openShell({ linked, as, limits, statements: [...sweeping, ...statements], signal });
    const first = await shell.first(signal);
    if (first.answers.length > 0) remains = undefined;
    return { ...first, answers: first.answers.slice(sweeping.length) };
  }
  return {
    batch,
    giveUp() {
      remains ??= shell;
      shell?.close();
      shell = undefined;
    },
    async sweep() {
      if (remains !== undefined) await batch([], AbortSignal.timeout(4 * limits.stopMs)).catch(() => undefined);
    },
    isOpen: () => shell?.isOver() === false,
    close() {
      shell?.close();
      shell = undefined;
      remains = undefined;
    },
  };
}

/** Says how to end a process group: of any process, or only of the one that was launched under a mark. */
export function endStatement(pid: number, mark: string | undefined, { stopMs }: Limits): Statement {
  return { payload: (number) => endGroupStatement(pid, mark, stopMs, number), timeoutMs: 2 * stopMs };
}
