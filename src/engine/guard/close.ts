import type { Event } from '../../core/events.ts';
import type { Problem } from '../../core/problem.ts';
import { showDuration } from '../../core/units.ts';
import type { GuardParams } from '../../playbook/guard.ts';
import { forgetFacts } from '../connect.ts';
import { end, type TaskEnd } from '../task-end.ts';
import type { Guard, GuardParts } from './index.ts';
import { settle, type Settled } from './settle.ts';
import type { Seen } from './types.ts';
import { visit, visitAnew, type Visitor } from './visit.ts';

/** Why a window is closed. */
export type Closing = 'confirm' | 'undo' | 'look';

/**
 * Brings a window to its end and tells which one it was: confirmed over a new connection, or undone by the host. `armed` is an end
 * only for who looks.
 */
export async function close(
  guard: Guard,
  parts: GuardParts,
  want: Closing,
  mayHaveConfirmed = false,
): Promise<{ readonly settled: Settled; readonly end: TaskEnd }> {
  const { run, play } = parts;
  const { deps } = play;
  const bound = await guard.bound();
  const { within: withinMs } = bound.want;
  const visitor: Visitor = { name: guard.name, as: bound.as, signal: deps.signal };
  const anew = (): ReturnType<typeof deps.openSession> => deps.openSession(run.host);
  const tell = (state: Extract<Event, { type: 'guard' }>['state']): Promise<void> =>
    deps.emit({ type: 'guard', ref: guard.ref, state, withinMs });
  if (want !== 'look') await tell(want === 'confirm' ? 'confirming' : 'undoing');
  const settled = await settle({
    want,
    visit: (what) => visitAnew(anew, what, visitor),
    undoNow: () => visit(run.session, 'undo', visitor),
    note: (text) => deps.emit({ type: 'note', host: run.host.name, text }),
    clock: deps.clock,
    signal: deps.signal,
    withinMs,
    boots: parts.deployments,
    mayHaveConfirmed,
  });
  if (settled.end === 'confirmed' || settled.end === 'undone' || settled.end === 'gone') await tell(settled.end);
  // The record is taken away only once it stands in the journal.
  if (settled.end === 'undone') await forget(() => visitAnew(anew, 'forget', visitor));
  if (settled.end !== 'armed') {
    await run.session.drop();
    forgetFacts(run);
  }
  return { settled, end: endOf(settled, want, withinMs, guard) };
}

/** The host was just told to restart what lets us in: a visit that fails is made again. */
async function forget(visitOnce: () => Promise<Seen>): Promise<void> {
  for (let left = 3; left > 0; left -= 1) if ((await visitOnce()).state !== 'away') return;
}

function endOf(settled: Settled, want: Closing, withinMs: number, { paths, task }: Guard): TaskEnd {
  const within = showDuration(withinMs);
  const bad = (problem: Problem): TaskEnd => ({ ...end('failed', [{ ...problem, at: task.at }]), changed: true });
  const ended = (guard: string, one: TaskEnd, failed: readonly string[] = []): TaskEnd => ({
    ...one,
    result: { ...one.result, guard, not_undone: [...failed] },
  });
  switch (settled.end) {
    case 'confirmed':
      return ended('confirmed', { ...end('ran', []), message: 'confirmed over a new connection: the change stays' });
    case 'undone': {
      const left = settled.said.length === 0 ? '' : `; but not everything could be: ${settled.said.join('; ')}`;
      if (want === 'undo' && left === '') {
        const message = `undone: ${what(paths)} as before`;
        return ended('undone', { ...end('ran', []), message });
      }
      const why = settled.because === '' ? '' : ` (${settled.because})`;
      const message =
        want === 'undo'
          ? `the change was undone${left}`
          : `the host undid the change: copse did not confirm it within ${within}${why}${left}`;
      const hint =
        left === ''
          ? 'the host is as it was before the block; mend the change, then run the playbook again'
          : HINT_LEFT;
      return ended('undone', bad({ code: 'E_GUARD', message, hint }), settled.said);
    }
    case 'gone':
      return ended(
        'gone',
        bad({
          code: 'E_GUARD',
          message: 'the guard is gone from the host, and copse neither confirmed nor saw it undo the change',
          hint: 'somebody removed it by hand: look at the host, then run the playbook again',
        }),
      );
    case 'armed':
    case 'unknown': {
      const undoes =
        settled.end === 'unknown' && settled.undoing ? 'was undoing the change' : 'undoes the change by itself';
      const why = settled.end === 'unknown' && settled.because !== '' ? `: ${settled.because}` : '';
      return ended(
        'unknown',
        bad({
          code: 'E_GUARD',
          message: `the host could not be reached after the change, and was not seen since${why}; it ${undoes} ${within} after the last step and after each boot`,
          hint: 'look at its console; copse resume tells what came of it once it answers',
        }),
      );
    }
  }
}

const HINT_LEFT = 'look at the host, and put right what is named by hand';

/** What a guard covers, for people: `/etc/a, /etc/b are`. */
export function what(paths: ReadonlySet<string>): string {
  if (paths.size === 0) return 'the host is';
  return `${[...paths].join(', ')} ${paths.size === 1 ? 'is' : 'are'}`;
}

/** What a check says of a window that a real run would open. */
export function foreseen(want: GuardParams, paths: ReadonlySet<string>, deployments: boolean): string {
  const parts = [
    ...(paths.size === 0 ? [] : [`put back ${[...paths].join(', ')}`]),
    ...want.undo.map((words) => `run "${words.join(' ')}"`),
    ...want.reload.map((unit) => `reload ${unit}`),
    ...want.restart.map((unit) => `restart ${unit}`),
    ...(deployments ? ['boot the deployment of now again'] : []),
  ];
  const would =
    parts.length === 0
      ? 'nothing is named that it could undo: add "undo", "files" or "restart"'
      : `the host would ${parts.join(', ')}`;
  return `guarded for ${showDuration(want.within)}: unless copse can log in afterwards, ${would}`;
}
