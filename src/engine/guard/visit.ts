import { exitCode } from '../../core/answer.ts';
import { Fault } from '../../core/problem.ts';
import type { HostSession, Identity } from '../../session/session.ts';
import { visitCommand, type Visit } from './host-scripts.ts';
import type { Seen } from './types.ts';

/** Who visits which guard. */
export interface Visitor {
  readonly name: string;
  readonly as: Identity;
  readonly signal: AbortSignal;
}

/** One visit may take this long, logging in included, in milliseconds. */
export const VISIT_MS = 90_000;

const REFUSED: ReadonlySet<string> = new Set(['E_AUTH', 'E_BECOME']);
const STATES: ReadonlySet<string> = new Set(['none', 'armed', 'confirmed', 'undoing', 'undone']);

/** Visits over a session that is opened for it and closed again: only a connection that did not exist before proves that one can get in. */
export async function visitAnew(open: () => HostSession, want: Visit, visitor: Visitor): Promise<Seen> {
  const session = open();
  try {
    return await visit(session, want, visitor);
  } finally {
    await session.close();
  }
}

/** Visits over a session that is there. What is not reached is told and not thrown, except when the person interrupts. */
export async function visit(session: HostSession, want: Visit, { name, as, signal }: Visitor): Promise<Seen> {
  const limit = AbortSignal.timeout(VISIT_MS);
  try {
    const options = { as, signal: AbortSignal.any([signal, limit]), deadlineMs: VISIT_MS };
    const { ending, stdout } = await session.run(visitCommand(name, want), options);
    signal.throwIfAborted();
    const [state = '', ...said] = stdout.trimEnd().split('\n');
    if (exitCode(ending) === 0 && isState(state)) return { state, said, refused: false, unclear: false };
    const why =
      ending.how === 'lost' ? `the connection was lost: ${ending.reason}` : 'no answer that could be understood';
    return { state: 'away', said: [why], refused: false, unclear: true };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Fault) && !limit.aborted) throw error;
    const problem = error instanceof Fault ? error.problems[0] : undefined;
    const code = problem?.code ?? 'E_TIMEOUT';
    const unclear = code === 'E_LOST' || code === 'E_TIMEOUT';
    return { state: 'away', said: [problem?.message ?? 'no answer'], refused: REFUSED.has(code), unclear };
  }
}

function isState(text: string): text is Seen['state'] {
  return STATES.has(text);
}
