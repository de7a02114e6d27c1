import { printable } from '../core/bytes.ts';
import type { Event, TaskStatus } from '../core/events.ts';
import type { Diff } from '../core/module.ts';
import type { Problem } from '../core/problem.ts';
import { showDuration } from '../core/units.ts';
import { diffLines } from './diff.ts';
import type { Group } from './group.ts';
import { counted, type LineOptions } from './line-options.ts';
import { recapLines } from './recap.ts';

/** The lines one event adds to the record of a run; none for most events. Pure. */
export function linesOf(event: Event, options: LineOptions): readonly string[] {
  const { paint, verbosity } = options;
  switch (event.type) {
    case 'run-start': {
      const hosts = counted(event.hosts.length, 'host');
      return [
        `${paint.bold(`run ${event.run}`)}  ${event.playbooks.join(' ')}  ${hosts}${event.check ? paint.note('  check mode: nothing is changed') : ''}`,
      ];
    }
    case 'play-start':
      return [
        '',
        paint.bold(`PLAY ${event.name}`) +
          paint.dim(`  ${counted(event.hosts.length, 'host')}, ${counted(event.tasks, 'task')}`),
      ];
    case 'host-connected':
      return verbosity >= 2
        ? [line(options, event.host, paint.dim(`connected in ${showDuration(event.ms)}  ${event.detail}`))]
        : [];
    case 'task-plan':
      return verbosity >= 2
        ? event.steps.map((step) => line(options, event.ref.host, paint.dim(`  plan: ${step}`)))
        : [];
    case 'step-start':
      return verbosity >= 2 ? [line(options, event.ref.host, paint.dim(`  ${event.do}: ${event.say}`))] : [];
    case 'step-output':
      return verbosity >= 3 || options.showOutput
        ? outputLines(event.text).map((text) => line(options, event.ref.host, `${paint.dim('|')} ${text}`))
        : [];
    case 'note':
      return [line(options, event.host, paint.note(`note: ${printable(event.text)}`))];
    case 'task-end':
      return taskLines(event, options);
    case 'play-end':
      return event.stopped === undefined ? [] : [paint.bad(`play stopped: ${event.stopped}`)];
    case 'run-end':
      return ['', ...recapLines(event.recap, event.ms, options)];
    case 'run-resume':
      return [paint.note(`run ${event.run} goes on: what was done before is not done again`)];
    case 'guard':
      return event.state === 'armed' ? [line(options, event.ref.host, paint.dim(guardText(event.withinMs)))] : [];
    case 'reboot-intent':
      return verbosity >= 1 ? [line(options, event.ref.host, paint.dim('  reboots now'))] : [];
    case 'host-start':
    case 'task-start':
    case 'step-end':
    case 'host-end':
      return [];
  }
}

function guardText(withinMs: number): string {
  return `guarded: the host undoes this unless copse confirms it over a new connection within ${showDuration(withinMs)}`;
}

/** A line that belongs to a host, the host in a column of its own. */
function line(options: LineOptions, host: string, text: string): string {
  return `${host.padEnd(options.hostWidth)}  ${text}`;
}

function outputLines(text: string): readonly string[] {
  return printable(text)
    .split('\n')
    .filter((one) => one.trim() !== '');
}

type TaskEnd = Extract<Event, { type: 'task-end' }>;

/** The line of a change that happened on several hosts: how many stand in the host's column, their names behind. */
export function groupLines({ event, hosts: unsorted }: Group, options: LineOptions): readonly string[] {
  const hosts = unsorted.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const [first = ''] = taskLines(event, options);
  if (hosts.length === 1 || first === '') return first === '' ? [] : [first];
  const names =
    hosts.length <= NAMES ? hosts.join(' ') : `${hosts.slice(0, NAMES).join(' ')} and ${hosts.length - NAMES} more`;
  const head = `${hosts.length} hosts`.padEnd(options.hostWidth);
  return [
    `${head}${first.slice(Math.max(options.hostWidth, event.ref.host.length))}  ${options.paint.dim(printable(names))}`,
  ];
}

/** Names shown behind a line that stands for several hosts. */
const NAMES = 6;

function isQuiet(event: TaskEnd): boolean {
  if (event.replayed === true) return true;
  if (event.message !== undefined || event.diff.length > 0) return false;
  if (event.status === 'ok' || event.status === 'skipped') return true;
  if (event.status === 'ran' && event.result['changed'] === false) return true;
  return event.ref.item !== undefined && event.problems.length === 0;
}

function taskLines(event: TaskEnd, options: LineOptions): readonly string[] {
  const { verbosity, paint } = options;
  if (verbosity < 1 && isQuiet(event)) return [];
  if (event.replayed === true) {
    return [
      line(
        options,
        event.ref.host,
        paint.dim(`${event.status.padEnd(11)} ${printable(event.ref.name)}  (before the run went on)`),
      ),
    ];
  }
  const bad = event.problems.length > 0;
  // The problems of a loop are told by its items; the loop itself tells that it failed.
  const problems = event.ref.item === undefined && event.result['results'] !== undefined ? [] : event.problems;
  const label = statusLabel(event, options);
  const item = event.ref.item === undefined ? '' : paint.dim(` [${printable(event.ref.item)}]`);
  const took = event.ms >= 1000 ? paint.dim(`  ${showDuration(event.ms)}`) : '';
  const mark = event.provisional === true && !bad ? paint.dim('  (provisional: after a pending change)') : '';
  return [
    line(options, event.ref.host, `${label} ${printable(event.ref.name)}${item}${took}${mark}`),
    ...(event.message === undefined
      ? []
      : printable(event.message)
          .split('\n')
          .map((text) => indented(options, text))),
    ...problems.flatMap((problem) => problemLines(problem, options)),
    ...event.diff.flatMap((diff) => showDiff(diff, options)),
  ];
}

function indented(options: LineOptions, text: string): string {
  return `${' '.repeat(options.hostWidth + 4)}${text}`;
}

function problemLines(problem: Problem, options: LineOptions): readonly string[] {
  const { paint } = options;
  const place =
    problem.at === undefined ? '' : paint.dim(`  (${problem.at.file}:${problem.at.line}:${problem.at.col})`);
  const [first = '', ...more] = printable(problem.message).split('\n');
  const hint = problem.hint === undefined ? [] : [`${paint.note('hint:')} ${printable(problem.hint)}`];
  return [`${paint.bad(first)} ${paint.dim(`[${problem.code}]`)}${place}`, ...more, ...hint].map((text) =>
    indented(options, text),
  );
}

function showDiff(diff: Diff, options: LineOptions): readonly string[] {
  const { paint } = options;
  return diffLines(diff).map((text) => {
    const painted = text.startsWith('+') ? paint.good(text) : text.startsWith('-') ? paint.bad(text) : paint.dim(text);
    return indented(options, painted);
  });
}

const WOULD: Readonly<Partial<Record<TaskStatus, string>>> = { changed: 'would change', ran: 'would run' };

function statusLabel(event: TaskEnd, options: LineOptions): string {
  const { paint } = options;
  const width = options.check ? 12 : 11;
  const text = (options.check ? (WOULD[event.status] ?? event.status) : event.status).padEnd(width);
  if (event.tolerated !== undefined) return paint.changed(event.tolerated.padEnd(width));
  switch (event.status) {
    case 'ok':
      return paint.good(text);
    case 'changed':
    case 'ran':
      return paint.changed(text);
    case 'skipped':
      return paint.dim(text);
    case 'failed':
    case 'unreachable':
    case 'aborted':
      return paint.bad(text.toUpperCase());
  }
}
