import type { Answers, Ending, Questions } from '../core/answer.ts';
import type { Bytes } from '../core/bytes.ts';
import type { Command } from '../core/command.ts';
import { fault } from '../core/problem.ts';
import { after } from './deferred.ts';
import type { Stream } from './greeting.ts';
import type { Payload } from './launch.ts';
import type { Limits } from './limits.ts';
import { isLinkTrouble, persist } from './persist.ts';
import type { TransactionOptions } from './session.ts';
import { stdinBytes } from './statement.ts';
import {
  bootQuestion,
  cancelQuestion,
  FOLLOW,
  followScript,
  forgetQuestion,
  statusQuestion,
} from './transaction-script.ts';
import { checkedName, noFolder, noStatus, strangeEnd, unstarted } from './transaction-faults.ts';

/** What a transaction needs of the session it belongs to. */
export interface TransactionHost {
  ask(questions: Questions, signal: AbortSignal): Promise<Answers>;
  /** Runs a script on a channel of its own until it ends or the signal comes. */
  execute(
    script: Payload,
    stdin: Bytes | undefined,
    signal: AbortSignal,
    onOutput: (stream: Stream, chunk: Bytes) => void,
  ): Promise<Ending>;
  readonly limits: Limits;
}

/** How a transaction ended, and whether its output was cut on the host. */
export interface Transacted {
  readonly ending: Ending;
  readonly cut: boolean;
}

/** How long a transaction that is told to end may take before it is killed. */
const CANCEL_SECONDS = 10;

/**
 * Begins a transaction, or attaches to the one of that name, and follows it to its end over as many connections as it takes.
 * The signal detaches: the transaction goes on. Only its deadline ends it.
 */
export async function transact(
  host: TransactionHost,
  command: Command,
  options: TransactionOptions,
  onOutput: (stream: Stream, chunk: Bytes) => void,
): Promise<Transacted> {
  const { signal, deadlineMs } = options;
  const received = { stdout: 0, stderr: 0 };
  const sent = { times: 0, strange: 0 };
  const count = (stream: Stream, chunk: Bytes): void => {
    received[stream] += chunk.length;
    onOutput(stream, chunk);
  };
  checkedName(options.name);
  const boot = await persist(host.limits.reattachMs, options, received, () => askBoot(host, signal));
  const watch = watchDeadline(host, options, command.timeoutMs ?? deadlineMs);

  try {
    const code = await persist(host.limits.reattachMs, options, received, async () => {
      watch.renew();
      const script = followScript({
        name: options.name,
        command,
        boot,
        from: received,
        capBytes: host.limits.transactionBytes,
      });
      const stdin = command.stdin === undefined ? undefined : stdinBytes(command);
      if (!signal.aborted) sent.times += 1;
      return followed(await host.execute(script, stdin, watch.signal, count), sent);
    });
    if (code === 'aborted') return { ending: detached(options, watch.timeout()), cut: false };
    const end = await persist(host.limits.reattachMs, options, received, () => collect(host, options, code));
    return { ...end, ending: watch.timeout() ?? end.ending };
  } catch (error) {
    if (signal.aborted && sent.times > 0) return { ending: detached(options, watch.timeout()), cut: false };
    if (!isLinkTrouble(error)) throw error;
    return { ending: watch.timeout() ?? { how: 'lost', reason: error.message }, cut: false };
  } finally {
    watch.stop();
  }
}

/** Tells a transaction to end and waits until it has; does nothing when it is over or not known. */
export async function cancel(host: TransactionHost, name: string, signal: AbortSignal): Promise<void> {
  const question = { ...cancelQuestion(checkedName(name), CANCEL_SECONDS), timeoutMs: (CANCEL_SECONDS + 30) * 1000 };
  await host.ask({ cancel: question }, signal);
}

async function askBoot(host: TransactionHost, signal: AbortSignal): Promise<string> {
  const { boot } = await host.ask({ boot: bootQuestion() }, signal);
  if (boot?.code === 0) return boot.stdout.trim();
  throw fault({
    code: 'E_UNSUPPORTED',
    message:
      'the host does not tell its boot id (/proc/sys/kernel/random/boot_id), so a detached command could not be followed',
    hint: 'copse needs a Linux host with /proc',
  });
}

/** The exit status of a follower that was not interrupted; link trouble is thrown, so that it is tried again. */
function followed(ending: Ending, sent: { strange: number }): number | 'aborted' {
  switch (ending.how) {
    case 'aborted':
      return 'aborted';
    case 'exit':
    case 'held-open':
      if (Object.values<number>(FOLLOW).includes(ending.code) && ending.code !== FOLLOW.input) return ending.code;
      sent.strange += 1;
      throw strangeEnd(ending.code, sent.strange);
    case 'lost':
      throw fault({ code: 'E_LOST', message: ending.reason });
    default:
      throw fault({ code: 'E_LOST', message: 'what follows the command on the host was killed' });
  }
}

async function collect(host: TransactionHost, { name, signal }: TransactionOptions, code: number): Promise<Transacted> {
  switch (code) {
    case FOLLOW.killed:
      await host.ask({ forget: forgetQuestion(name) }, signal);
      return { ending: { how: 'signal', signal: 'SIGKILL' }, cut: false };
    case FOLLOW.rebooted:
      await host.ask({ forget: forgetQuestion(name) }, signal);
      return { ending: { how: 'lost', reason: 'the host restarted while it ran' }, cut: false };
    case FOLLOW.unstarted:
      await host.ask({ forget: forgetQuestion(name) }, signal);
      throw unstarted(name);
    case FOLLOW.folder:
      throw noFolder(name);
    case FOLLOW.gone:
      throw noStatus(name);
    default:
  }
  const { status } = await host.ask({ status: statusQuestion(name) }, signal);
  const [exit = '', cut] = status?.stdout.trim().split('\n') ?? [];
  if (status?.code !== 0 || !/^\d+$/.test(exit)) throw noStatus(name);
  // Its end is known; a record that stays behind for want of a link does no harm.
  await host.ask({ forget: forgetQuestion(name) }, signal).catch(() => undefined);
  return { ending: { how: 'exit', code: Number(exit) }, cut: cut === 'cut' };
}

function detached({ name, onDetach }: TransactionOptions, timeout: Ending | undefined): Ending {
  if (timeout !== undefined) return timeout;
  onDetach?.(name);
  return { how: 'aborted' };
}

interface Watch {
  /** The person's signal, and the last moment to wait for an end that was asked for. */
  readonly signal: AbortSignal;
  /** Asks again for the end if the deadline passed while there was no link. */
  renew(): void;
  /** The ending, once the deadline has passed. */
  timeout(): Ending | undefined;
  stop(): void;
}

function watchDeadline(host: TransactionHost, { name, signal }: TransactionOptions, deadlineMs: number): Watch {
  const last = new AbortController();
  let passed = false;
  const end = (): void => {
    cancel(host, name, signal).catch(() => undefined);
  };
  const takeBack = [
    after(deadlineMs, () => {
      passed = true;
      end();
    }),
    after(deadlineMs + CANCEL_SECONDS * 1000 + host.limits.reattachMs, () => last.abort()),
  ];
  return {
    signal: AbortSignal.any([signal, last.signal]),
    renew: () => (passed ? end() : undefined),
    timeout: () => (passed ? { how: 'timeout', afterMs: deadlineMs } : undefined),
    stop: () => takeBack.forEach((cancelTimer) => cancelTimer()),
  };
}
