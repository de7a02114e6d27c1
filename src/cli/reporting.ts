import type { Event } from '../core/events.ts';
import { createJson } from '../report/json.ts';
import { createLive } from '../report/live.ts';
import type { Verbosity } from '../report/line-options.ts';
import { maskWith } from '../report/mask.ts';
import { createPaint, wantsColour } from '../report/paint.ts';
import { createPlain } from '../report/plain.ts';
import { createHub, type Hub, type Reporter } from '../report/reporter.ts';
import type { Terminal } from './streams.ts';

/** How a run is told, and how to make the terminal quiet while somebody is asked. */
export interface Reporting {
  readonly hub: Hub;
  readonly pause: () => () => void;
  /** Tells the person something between the lines. */
  readonly say: (text: string) => void;
}

/** What decides how a run is told. */
export interface ReportingOptions {
  readonly terminal: Terminal;
  readonly output: 'live' | 'plain' | 'json' | undefined;
  readonly verbosity: Verbosity;
  /** Show output of commands as it comes. */
  readonly showOutput?: boolean;
  /** Consumers that must take every event, such as the journal. */
  readonly essential: readonly Reporter[];
  /** Further consumers that may fail. */
  readonly also?: readonly Reporter[];
  /** Replaces every secret known so far. */
  readonly mask: (text: string) => string;
}

/** Builds the consumers of one run. */
export function createReporting(options: ReportingOptions): Reporting {
  const { terminal, verbosity } = options;
  const { stdout } = terminal;
  const paint = createPaint(wantsColour(stdout.isTTY === true, terminal.env));
  const style = { paint, verbosity, showOutput: options.showOutput === true };
  const form = options.output ?? (stdout.isTTY === true && terminal.env['TERM'] !== 'dumb' ? 'live' : 'plain');
  const mask: (event: Event) => Event = maskWith(options.mask);
  const also = options.also ?? [];
  if (form === 'live') {
    const live = createLive({ ...style, output: stdout, elapsed: () => performance.now() });
    return {
      hub: createHub(options.essential, [live, ...also], mask),
      pause: () => live.pause(),
      say: (text) => live.say(paint.note(text)),
    };
  }
  const say = (text: string): void => void terminal.stderr.write(`${text}\n`);
  const reporter = form === 'json' ? createJson(stdout, Date.now) : createPlain(stdout, style);
  return { hub: createHub(options.essential, [reporter, ...also], mask), pause: () => () => undefined, say };
}
