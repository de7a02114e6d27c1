import type { Event } from '../core/events.ts';
import { createGrouping } from './group.ts';
import { createWholeLines } from './whole-lines.ts';
import type { Verbosity } from './line-options.ts';
import { groupLines, linesOf } from './lines.ts';
import type { Paint } from './paint.ts';
import type { Reporter } from './reporter.ts';

/** Where text goes: a terminal, a pipe or a test. */
export interface Output {
  write(text: string): unknown;
  readonly columns?: number;
  readonly rows?: number;
}

/** How the record of a run reads. */
export interface Style {
  readonly paint: Paint;
  readonly verbosity: Verbosity;
  /** Show output of commands as it comes, whatever the verbosity. */
  readonly showOutput?: boolean;
}

/** One line per change, failure and note, for pipes and log files. */
export function createPlain(output: Output, style: Style): Reporter {
  const record = createRecord(style);
  return {
    name: 'plain',
    take(event) {
      const lines = record(event);
      if (lines.length > 0) output.write(`${lines.join('\n')}\n`);
    },
  };
}

/** Lines of each event, with what the run-start said remembered. */
export function createRecord({ paint, verbosity, showOutput = false }: Style): (event: Event) => readonly string[] {
  let hostWidth = 8;
  let check = false;
  const grouping = createGrouping();
  const whole = createWholeLines();

  function linesFor(event: Event): readonly string[] {
    if (event.type === 'run-start' || event.type === 'run-resume') {
      const widest = event.hosts.reduce((width, host) => Math.max(width, host.length), 8);
      hostWidth = Math.min(40, widest);
    }
    if (event.type === 'run-start') check = event.check;
    const options = { paint, verbosity, hostWidth, check, showOutput };
    if (verbosity > 0) return linesOf(event, options);
    const { finished, kept } = grouping.take(event);
    const before = finished === undefined ? [] : groupLines(finished, options);
    return kept ? before : [...before, ...linesOf(event, options)];
  }
  return (event) => whole(event).flatMap(linesFor);
}
