import type { Event } from '../core/events.ts';
import { printable } from '../core/bytes.ts';

/** What the live view shows, kept up to date by events: one small row per host that is at work. */
export interface Board {
  take(event: Event): void;
  counts(): {
    readonly total: number;
    readonly done: number;
    readonly failed: number;
    readonly changed: number;
    readonly title: string;
  };
  running(): number;
  /** The hosts that have been at their present task the longest. */
  slowest(
    now: number,
    count: number,
  ): readonly { readonly host: string; readonly doing: string; readonly seconds: number }[];
}

/** An empty board. */
export function createBoard(elapsed: () => number): Board {
  const doing = new Map<string, { text: string; since: number }>();
  const changed = new Set<string>();
  const failed = new Set<string>();
  let total = 0;
  let done = 0;
  let title = '';

  function take(event: Event): void {
    switch (event.type) {
      case 'play-start':
        title = event.name;
        total = event.hosts.length;
        done = 0;
        doing.clear();
        break;
      case 'task-start':
        doing.set(event.ref.host, { text: event.ref.name, since: elapsed() });
        break;
      case 'step-start':
        doing.set(event.ref.host, {
          text: event.say,
          since: doing.get(event.ref.host)?.since ?? elapsed(),
        });
        break;
      case 'task-end':
        if (event.ref.item === undefined) doing.delete(event.ref.host);
        if (event.status === 'changed') changed.add(event.ref.host);
        break;
      case 'host-end':
        done += 1;
        doing.delete(event.host);
        if (event.status === 'failed' || event.status === 'unreachable') failed.add(event.host);
        break;
      default:
        break;
    }
  }

  return {
    take,
    counts: () => ({ total, done, failed: failed.size, changed: changed.size, title }),
    running: () => doing.size,
    slowest: (now, count) =>
      [...doing]
        .sort(([, a], [, b]) => a.since - b.since)
        .slice(0, count)
        .map(([host, { text, since }]) => ({
          host,
          doing: printable(text),
          seconds: Math.round((now - since) / 1000),
        })),
  };
}
