import type { Event, TaskRef } from '../core/events.ts';
import type { InFlight, RunHistory, TaskHistory } from '../core/history.ts';
import type { JournalRecord } from './line.ts';

type TaskEndEvent = Extract<Event, { type: 'task-end' }>;

interface Draft {
  end: TaskEndEvent | undefined;
  readonly items: Map<number, TaskEndEvent>;
  readonly flight: Map<number, InFlight>;
  guard: TaskHistory['guard'];
}

/** The state of a run from its records: a pure fold, so that the same journal always gives the same state. */
export function foldRun(records: readonly JournalRecord[]): RunHistory {
  const tasks = new Map<string, Draft>();
  let start: RunHistory['start'];
  let end: RunHistory['end'];
  for (const { event } of records) {
    if (event.type === 'run-start') start = event;
    if (event.type === 'run-end') end = event;
    if (event.type === 'run-resume') end = undefined;
    if ('ref' in event && event.ref !== undefined) applyTo(draftOf(tasks, event.ref), event);
  }
  return { start, end, epoch: records.at(-1)?.epoch ?? 0, task: (ref) => tasks.get(keyOf(ref)) };
}

function keyOf(ref: Pick<TaskRef, 'play' | 'host' | 'task' | 'turn'>): string {
  return `${ref.host} ${ref.play} ${ref.task} ${ref.turn}`;
}

function draftOf(tasks: Map<string, Draft>, ref: TaskRef): Draft {
  const key = keyOf(ref);
  const draft = tasks.get(key) ?? { end: undefined, items: new Map(), flight: new Map(), guard: undefined };
  tasks.set(key, draft);
  return draft;
}

function applyTo(draft: Draft, event: Event): void {
  switch (event.type) {
    case 'step-start': {
      const { step, do: kind, name, say } = event;
      draft.flight.set(event.ref.at ?? 0, {
        step,
        do: kind,
        name,
        say,
        ended: undefined,
        reboot: undefined,
        rollback: undefined,
      });
      break;
    }
    case 'reboot-intent': {
      const flight = draft.flight.get(event.ref.at ?? 0);
      const intent = event.rollback === true ? { rollback: event } : { reboot: event };
      if (flight !== undefined) draft.flight.set(event.ref.at ?? 0, { ...flight, ...intent });
      break;
    }
    case 'step-end': {
      const flight = draft.flight.get(event.ref.at ?? 0);
      if (flight !== undefined) draft.flight.set(event.ref.at ?? 0, { ...flight, ended: { code: event.code } });
      break;
    }
    case 'guard':
      draft.guard = event.state;
      break;
    case 'task-end':
      draft.flight.delete(event.ref.at ?? 0);
      if (event.ref.at === undefined) draft.end = event;
      else draft.items.set(event.ref.at, event);
      break;
    default:
      break;
  }
}
