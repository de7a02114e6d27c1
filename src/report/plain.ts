import type { Event } from '../core/events.ts';
import { createGrouping } from './group.ts';
import { groupLines, linesOf, type Verbosity } from './lines.ts';
import type { Paint } from './paint.ts';
import type { Reporter } from './reporter.ts';

/** Where text goes: a terminal, a pipe or a test. */
export interface Output {
  write(text: string): unknown;
  readonly columns?: number;
  readonly rows?: number;
}

/** One line per change, failure and note, for pipes and log files. */
export function createPlain(output: Output, paint: Paint, verbosity: Verbosity): Reporter {
  const record = createRecord(paint, verbosity);
  return {
    name: 'plain',
    take(event) {
      const lines = record(event);
      if (lines.length > 0) output.write(`${lines.join('\n')}\n`);
    },
  };
}

/** Lines of each event, with what the run-start said remembered. */
export function createRecord(paint: Paint, verbosity: Verbosity): (event: Event) => readonly string[] {
  let hostWidth = 8;
  let check = false;
  const grouping = createGrouping();
  return (event) => {
    if (event.type === 'run-start' || event.type === 'run-resume') {
      hostWidth = Math.min(
        40,
        event.hosts.reduce((width, host) => Math.max(width, host.length), 8),
      );
    }
    if (event.type === 'run-start') check = event.check;
    const options = { paint, verbosity, hostWidth, check };
    if (verbosity > 0) return linesOf(event, options);
    const { finished, kept } = grouping.take(event);
    const before = finished === undefined ? [] : groupLines(finished, options);
    return kept ? before : [...before, ...linesOf(event, options)];
  };
}
