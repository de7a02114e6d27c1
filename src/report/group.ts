import type { Event } from '../core/events.ts';

type TaskEnd = Extract<Event, { type: 'task-end' }>;

/** The same thing that happened on several hosts. */
export interface Group {
  /** The first event, with the longest time of all. */
  readonly event: TaskEnd;
  readonly hosts: readonly string[];
}

/** Puts the plain changes of one task together, so that a fleet does not print a line per host. */
export interface Grouping {
  /** Takes an event: what is finished by it comes back, then whether the event itself is kept back. */
  take(event: Event): { readonly finished: Group | undefined; readonly kept: boolean };
}

/** A grouping that knows nothing yet. A group ends with the first plain change of another task, or with the play. */
export function createGrouping(): Grouping {
  let open: { key: string; event: TaskEnd; hosts: string[] } | undefined;

  function close(): Group | undefined {
    const group = open;
    open = undefined;
    return group;
  }

  return {
    take(event) {
      if (event.type === 'play-end' || event.type === 'play-start' || event.type === 'run-end') {
        return { finished: close(), kept: false };
      }
      if (event.type !== 'task-end' || !isPlainChange(event)) return { finished: undefined, kept: false };
      const key = `${event.ref.play} ${event.ref.task} ${event.ref.turn} ${event.status}`;
      if (open !== undefined && open.key === key) {
        open.hosts.push(event.ref.host);
        if (event.ms > open.event.ms) open.event = { ...open.event, ms: event.ms };
        return { finished: undefined, kept: true };
      }
      const finished = close();
      open = { key, event, hosts: [event.ref.host] };
      return { finished, kept: true };
    },
  };
}

/** A change with nothing more to say than that it happened. */
function isPlainChange(event: TaskEnd): boolean {
  const happened = event.status === 'changed' || event.status === 'ran';
  const says = event.message !== undefined || event.diff.length > 0 || event.problems.length > 0;
  return happened && !says && event.ref.item === undefined && event.replayed === undefined;
}
