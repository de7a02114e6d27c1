import type { Outcome } from '../core/answer.ts';
import type { Command } from '../core/command.ts';
import { createAskers } from './askers.ts';
import { fetchFile, type Start } from './fetch.ts';
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

  /** Becoming who one is already needs no sudo, and hosts where root logs in may have none. */
  async function actor<T extends Actor>(options: T): Promise<T> {
    if (options.as === undefined) return options;
    const { user } = await link.get(options.signal);
    return options.as.user === user ? { ...options, as: undefined } : options;
  }
  async function run(command: Command, told: RunOptions): Promise<Outcome> {
    const options = await actor(told);
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
    async ask(questions, as, signal) {
      return askers.ask(questions, (await actor({ as, signal })).as, signal);
    },
    run,
    async transaction(command, told) {
      const options = await actor(told);
      const host = transactionHost(options.as);
      return running.told(command, options, (onOutput) => transact(host, command, options, onOutput));
    },
    async cancel(name, options) {
      const { as, signal } = await actor(options);
      await cancel(transactionHost(as), name, signal);
    },
    put: (step, options) => putFile(step, (command) => run(command, options)),
    async fetch(path, told) {
      const options = await actor(told);
      const start: Start = (command, onOutput) => running.command(command, { ...options, onOutput });
      return fetchFile(path, limits.fetchBytes, start);
    },
    drop,
    close: drop,
  };
}

type Actor = Pick<RunOptions, 'as' | 'signal'>;

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
