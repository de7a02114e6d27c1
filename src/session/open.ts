import type { Outcome } from '../core/answer.ts';
import type { Command } from '../core/command.ts';
import { createAskers } from './askers.ts';
import { fetchFile } from './fetch.ts';
import { LIMITS, type Limits } from './limits.ts';
import { createLink, type LinkDeps } from './link.ts';
import { putFile } from './put.ts';
import { createRunning } from './running.ts';
import { createSecrets, type Secrets } from './secrets.ts';
import type { HostSession, Identity, RunOptions } from './session.ts';
import { cancel, transact, type TransactionHost } from './transaction.ts';

/** What a session needs from outside. */
export interface SessionDeps extends LinkDeps {
  /** Name in the inventory. */
  readonly host: string;
  /** The secrets of the run, shared with whatever prints; those of this host's commands are added. */
  readonly secrets?: Secrets;
  readonly limits?: Partial<Limits>;
}

/** A session with one host. Nothing is connected before something is asked. */
export function createSession(deps: SessionDeps): HostSession {
  const limits = { ...LIMITS, ...deps.limits };
  const secrets = deps.secrets ?? createSecrets();
  const link = createLink(withSecrets(deps, secrets));
  const askers = createAskers(link, limits, secrets);
  const running = createRunning({ link, askers, secrets, limits });

  function run(command: Command, options: RunOptions): Promise<Outcome> {
    return running.told(command, options, async (onOutput) => {
      return { ending: await running.command(command, { ...options, onOutput }), cut: false };
    });
  }
  function transactionHost(as: Identity): TransactionHost {
    const deadlineMs = Number.POSITIVE_INFINITY;
    return {
      limits,
      ask: (questions, signal) => askers.ask(questions, as, signal),
      execute: (script, stdin, signal, onOutput) => running.script(script, stdin, { as, signal, deadlineMs, onOutput }),
    };
  }
  const drop = (): Promise<void> => {
    askers.close();
    return link.drop();
  };

  return {
    host: deps.host,
    connect: async (signal) => (await link.get(signal)).connection.detail,
    ask: (questions, as, signal) => askers.ask(questions, as, signal),
    run,
    transaction: (command, options) =>
      running.told(command, options, (onOutput) => transact(transactionHost(options.as), command, options, onOutput)),
    cancel: (name, { as, signal }) => cancel(transactionHost(as), name, signal),
    put: (step, options) => putFile(step, (command) => run(command, options)),
    fetch: (path, options) =>
      fetchFile(path, limits.fetchBytes, (command, onOutput) => running.command(command, { ...options, onOutput })),
    drop,
    close: drop,
  };
}

/** The same, with the secrets of the target known as soon as it is. */
function withSecrets(deps: LinkDeps, secrets: Secrets): LinkDeps {
  return {
    ...deps,
    async target() {
      const target = await deps.target();
      secrets.add(target.password, target.passphrase);
      return target;
    },
  };
}
