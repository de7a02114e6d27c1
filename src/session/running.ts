import type { Ending, Outcome } from '../core/answer.ts';
import type { Bytes } from '../core/bytes.ts';
import type { Command } from '../core/command.ts';
import type { Askers } from './askers.ts';
import { execute } from './execute.ts';
import { refusedChannel } from './faults.ts';
import type { Stream } from './greeting.ts';
import type { Payload } from './launch.ts';
import type { Limits } from './limits.ts';
import type { Link } from './link.ts';
import { createOutput } from './output.ts';
import type { Secrets } from './secrets.ts';
import type { RunOptions } from './session.ts';
import { commandScript, secretsOf, stdinBytes } from './statement.ts';

/** What running takes from the session. */
export interface RunningParts {
  readonly link: Link;
  readonly askers: Askers;
  readonly secrets: Secrets;
  readonly limits: Limits;
}

/** How something is run, and who takes its raw output. */
export type StartOptions = Pick<RunOptions, 'as' | 'signal' | 'deadlineMs'> & {
  readonly onOutput: (stream: Stream, chunk: Bytes) => void;
};

/** Something that prints while it runs; `cut` says that the host dropped output. */
type Act = (onOutput: StartOptions['onOutput']) => Promise<{ readonly ending: Ending; readonly cut: boolean }>;

/** Runs commands on channels of their own. */
export interface Running {
  /** Runs a script, its output raw. Never sent twice. */
  script(script: Payload, stdin: Bytes | undefined, options: StartOptions): Promise<Ending>;
  /** Runs a command, its output raw. */
  command(command: Command, options: StartOptions): Promise<Ending>;
  /** Lets something act for a command, and makes an outcome of what it prints: decoded, masked, within bounds. */
  told(command: Command, options: RunOptions, act: Act): Promise<Outcome>;
}

/** Running over a session's link, beside its shells. */
export function createRunning({ link, askers, secrets, limits }: RunningParts): Running {
  /** The host once had no channel left beside our shells. */
  let scarce = false;

  async function script(payload: Payload, stdin: Bytes | undefined, options: StartOptions): Promise<Ending> {
    const { as, signal } = options;
    secrets.add(as?.password);
    const endGroup = (pid: number): Promise<void> => askers.endGroup(pid, as);
    const execution = { ...options, script: payload, stdin, endGroup, limits };
    if (scarce) askers.makeRoom();
    try {
      return await execute(await link.get(signal), execution);
    } catch (error) {
      if (!refusedChannel(error) || !askers.makeRoom()) throw error;
      scarce = true;
      return execute(await link.get(signal), execution);
    }
  }
  return {
    script,
    command(command, options) {
      const stdin = command.stdin === undefined ? undefined : stdinBytes(command);
      const deadlineMs = command.timeoutMs ?? options.deadlineMs;
      return script(commandScript(command), stdin, { ...options, deadlineMs });
    },
    async told(command, options, act) {
      secrets.add(...secretsOf(command));
      const began = performance.now();
      const output = createOutput(secrets, options.onOutput);
      const { ending, cut } = await act(output.push);
      const { stdout, stderr, truncated } = output.end();
      return { ending, stdout, stderr, truncated: truncated || cut, ms: Math.round(performance.now() - began) };
    },
  };
}
