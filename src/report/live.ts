import cliTruncate from 'cli-truncate';
import type { Event } from '../core/events.ts';
import type { Paint } from './paint.ts';
import { createRecord, type Output, type Style } from './plain.ts';
import { createBoard, type Board } from './board.ts';
import type { Reporter } from './reporter.ts';

const FRAME_MS = 120;
const BEGIN = '\u001B[?2026h';
const END = '\u001B[?2026l';

/** What the live view needs from outside. */
export interface LiveOptions extends Style {
  readonly output: Output;
  /** Milliseconds that only grow. */
  readonly elapsed: () => number;
}

/** A reporter that can leave the terminal to somebody else for a while. */
export interface LiveReporter extends Reporter {
  /** Clears the region and draws nothing until the returned function is called. */
  pause(): () => void;
  /** Prints a line above the region. */
  say(text: string): void;
}

/**
 * A region at the foot of the terminal that is redrawn about eight times a second: progress, counts and the slowest hosts. What
 * must stay (changes, failures, notes) is printed once above it. Nothing grows with the number of hosts.
 */
export function createLive(options: LiveOptions): LiveReporter {
  const { output, paint, elapsed } = options;
  const record = createRecord(options);
  const board = createBoard(elapsed);
  let pending: string[] = [];
  let drawn = 0;
  let paused = 0;
  const timer = setInterval(() => draw(regionOf(board, paint, elapsed(), output)), FRAME_MS);
  timer.unref();

  function draw(region: readonly string[]): void {
    if (paused > 0) return;
    const width = output.columns ?? 80;
    const height = Math.max(1, (output.rows ?? 24) - 2);
    const shown = region.slice(0, height).map((line) => cliTruncate(line, width));
    const up = drawn > 0 ? `\u001B[${drawn}A` : '';
    // Each line clears its own rest, and what is left over is cleared last: clearing first would push the region into a history.
    const lines = [...pending, ...shown].map((line) => `${line}\u001B[K\n`).join('');
    output.write(`${BEGIN}\r${up}${lines}\u001B[J${END}`);
    pending = [];
    drawn = shown.length;
  }

  return {
    name: 'live',
    take(event: Event) {
      board.take(event);
      pending.push(...record(event));
      // Output of commands and long fleets can outrun the frame rate; a bound on what waits keeps memory flat.
      if (event.type === 'run-end') draw([]);
      else if (pending.length > 500) draw(regionOf(board, paint, elapsed(), output));
    },
    say(text) {
      pending.push(text);
    },
    pause() {
      draw([]);
      paused += 1;
      return () => {
        paused -= 1;
      };
    },
    close() {
      clearInterval(timer);
      paused = 0;
      draw([]);
    },
  };
}

function regionOf(board: Board, paint: Paint, now: number, output: Output): readonly string[] {
  const { total, done, failed, changed, title } = board.counts();
  if (total === 0) return [];
  const width = Math.max(10, Math.min(40, (output.columns ?? 80) - 50));
  const filled = Math.round((done / total) * width);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
  const parts = [
    `${done}/${total} hosts`,
    `${changed} changed`,
    ...(failed > 0 ? [paint.bad(`${failed} failed`)] : []),
  ];
  const running = board.slowest(now, 5);
  const widest = running.reduce((width, { host }) => Math.max(width, host.length), 0);
  return [
    '',
    paint.bold(title),
    `${paint.good(bar)}  ${parts.join('  ')}`,
    ...running.map(
      ({ host, doing, seconds }) => `  ${host.padEnd(widest)}  ${paint.dim(`${seconds}s`.padStart(5))}  ${doing}`,
    ),
    ...(board.running() > running.length ? [paint.dim(`  and ${board.running() - running.length} more hosts`)] : []),
  ];
}
