import { cmd } from '../core/command.ts';
import type { Facts } from '../core/facts.ts';
import { Fault } from '../core/problem.ts';
import { emptyFacts, factsQuestion } from '../facts/index.ts';
import type { Identity } from '../session/session.ts';
import type { HostRun } from './host-run.ts';
import { PATIENCE_MS, untilReached } from './patience.ts';
import type { EngineDeps } from './types.ts';
import { understandFacts } from './understand.ts';

/** A host that lets one log in and then opens no channel is often one that has just booted: it is asked again for so long. */
const FIRST_PATIENCE_MS = 60_000;

/**
 * Makes sure that a host is connected and its facts are known; does nothing when both are so. Facts are one question, so that
 * with the shell's start they cost one round trip; the shell of the user the first task acts as is opened beside it.
 */
export async function ensureConnected(
  run: HostRun,
  deps: EngineDeps,
  gather: boolean,
  firstUser?: () => Identity,
): Promise<void> {
  if (!run.connected) {
    const started = deps.clock.elapsed();
    const detail = await run.session.connect(deps.signal);
    run.connected = true;
    const ms = Math.round(deps.clock.elapsed() - started);
    await deps.emit({ type: 'host-connected', host: run.host.name, ms, detail });
  }
  if (run.facts !== undefined) return;
  if (!gather) {
    run.facts = emptyFacts();
    return;
  }
  const opened = openShell(run, deps, firstUser);
  run.facts = await readFacts(run, deps);
  await opened;
}

function readFacts({ session, host, reboots }: HostRun, { clock, signal, emit }: EngineDeps): Promise<Facts> {
  const patienceMs = reboots > 0 ? PATIENCE_MS : FIRST_PATIENCE_MS;
  const say = (trouble: string): Promise<void> =>
    emit({ type: 'note', host: host.name, text: `not ready yet (${trouble}); trying again` });
  return untilReached({ clock, signal, patienceMs, say }, async () => {
    const answers = await session.ask({ facts: factsQuestion() }, undefined, signal).catch(async (error: unknown) => {
      await session.drop();
      throw error;
    });
    return understandFacts(answers['facts']);
  });
}

/** Opens a shell ahead of time. What goes wrong is told when the task itself needs the shell. */
async function openShell(run: HostRun, deps: EngineDeps, user: (() => Identity) | undefined): Promise<void> {
  try {
    const as = user?.();
    if (as !== undefined) await run.session.ask({}, as, deps.signal);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
}

/** Reads the facts anew at the next task: after a reboot nothing of before holds. */
export function forgetFacts(run: HostRun): void {
  run.facts = undefined;
  run.prefetch.invalidate();
}

/** A host that an earlier copse rebooted may still be away: it is tried until its time is over, in milliseconds. */
export async function awaitHost(run: HostRun, deps: EngineDeps, patienceMs: number): Promise<void> {
  const deadline = deps.clock.elapsed() + patienceMs;
  while (!run.connected && deps.clock.elapsed() < deadline) {
    try {
      await run.session.connect(deps.signal);
      // One that boots lets in before it has time for anything else.
      await run.session.ask({ awake: cmd('true') }, undefined, deps.signal);
      return;
    } catch (error) {
      if (!(error instanceof Fault) || !AWAY.has(error.problems[0]?.code ?? '')) throw error;
      await run.session.drop();
      await deps.clock.sleep(1000, deps.signal);
    }
  }
}

const AWAY: ReadonlySet<string> = new Set(['E_CONNECT', 'E_LOST', 'E_TIMEOUT']);
