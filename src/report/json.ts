import type { Output } from './plain.ts';
import type { Reporter } from './reporter.ts';

/** One event a line, for programs. */
export function createJson(output: Output, now: () => number): Reporter {
  return {
    name: 'json',
    take(event) {
      output.write(`${JSON.stringify({ time: new Date(now()).toISOString(), ...event })}\n`);
    },
  };
}
