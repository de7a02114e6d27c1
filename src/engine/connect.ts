import { Fault } from '../core/problem.ts';
import { emptyFacts, factsQuestion, parseFacts } from '../facts/index.ts';
import type { HostRun } from './host-run.ts';
import type { EngineDeps } from './types.ts';

/**
 * Makes sure that a host is connected and its facts are known; does nothing when both are so. Facts are one question, so that
 * with the shell's start they cost one round trip.
 */
export async function ensureConnected(run: HostRun, deps: EngineDeps, gather: boolean): Promise<void> {
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
  const answers = await run.session.ask({ facts: factsQuestion() }, undefined, deps.signal);
  const answer = answers['facts'];
  if (answer === undefined) throw new Fault([{ code: 'E_ANSWER', message: 'the host gave no facts' }]);
  run.facts = parseFacts(answer);
}

/** Reads the facts anew at the next task: after a reboot nothing of before holds. */
export function forgetFacts(run: HostRun): void {
  run.facts = undefined;
  run.prefetch.invalidate();
}
