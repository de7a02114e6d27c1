import type { Ending, Outcome } from '../core/answer.ts';
import type { Bytes } from '../core/bytes.ts';
import type { Command } from '../core/command.ts';
import { createAskers } from './askers.ts';
import { execute } from './execute.ts';
import { fetchFile } from './fetch.ts';
import type { Stream } from './greeting.ts';
import type { Payload } from './launch.ts';
import { LIMITS, type Limits } from './limits.ts';
import { createLink, type LinkDeps } from './link.ts';
import { createOutput } from './output.ts';
import { putFile } from './put.ts';
import { createSecrets, type Secrets } from './secrets.ts';
import type { HostSession, Identity, RunOptions } from './session.ts';
import { commandScript, secretsOf, stdinBytes } from './statement.ts';
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

  async function start(script: Payload, stdin: Bytes | undefined, options: StartOptions): Promise<Ending> {
    const { as, signal } = options;
    const endGroup = (pid: number): Promise<void> => askers.of(as).endGroup(pid);
    return execute(await link.get(signal), { ...options, script, stdin, endGroup, limits });
  }
  function startCommand(command: Command, options: StartOptions): Promise<Ending> {
    const stdin = command.stdin === undefined ? undefined : stdinBytes(command);
    const deadlineMs = command.timeoutMs ?? options.deadlineMs;
    return start(commandScript(command), stdin, { ...options, deadlineMs });
  }
  function transactionHost(as: Identity): TransactionHost {
    const deadlineMs = Number.POSITIVE_INFINITY;
    return {
      limits,
      ask: (questions, signal) => askers.of(as).ask(questions, signal),
      execute: (script, stdin, signal, onOutput) => start(script, stdin, { as, signal, deadlineMs, onOutput }),
    };
  }
  async function told(command: Command, options: RunOptions, act: Act): Promise<Outcome> {
    secrets.add(...secretsOf(command));
    const began = performance.now();
    const output = createOutput(secrets, options.onOutput);
    const { ending, cut } = await act(output.push);
    const { stdout, stderr, truncated } = output.end();
    return { ending, stdout, stderr, truncated: truncated || cut, ms: Math.round(performance.now() - began) };
  }
  function run(command: Command, options: RunOptions): Promise<Outcome> {
    return told(command, options, async (onOutput) => {
      return { ending: await startCommand(command, { ...options, onOutput }), cut: false };
    });
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
      told(command, options, (onOutput) => transact(transactionHost(options.as), command, options, onOutput)),
    cancel: (name, { as, signal }) => cancel(transactionHost(as), name, signal),
    put: (step, options) => putFile(step, (command) => run(command, options)),
    fetch: (path, options) =>
      fetchFile(path, limits.fetchBytes, (command, onOutput) => startCommand(command, { ...options, onOutput })),
    drop,
    close: drop,
  };
}

type StartOptions = Pick<RunOptions, 'as' | 'signal' | 'deadlineMs'> & {
  readonly onOutput: (stream: Stream, chunk: Bytes) => void;
};

type Act = (onOutput: StartOptions['onOutput']) => Promise<{ readonly ending: Ending; readonly cut: boolean }>;

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
