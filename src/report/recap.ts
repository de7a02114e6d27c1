import type { HostStatus, Recap } from '../core/events.ts';
import { showDuration } from '../core/units.ts';
import { counted, type LineOptions } from './line-options.ts';

/** Fleets up to this size get a line for every host; larger ones a line for every host that needs a look. */
const EVERY_HOST = 40;

const COLUMNS = ['ok', 'changed', 'ran', 'skipped', 'failed', 'unreachable', 'rescued', 'ignored'] as const;

/** The end of a run: a table of hosts, what they still owe, and one line that sums up. */
export function recapLines(recap: readonly Recap[], ms: number, options: LineOptions): readonly string[] {
  const { paint } = options;
  const shown = recap.length <= EVERY_HOST ? recap : recap.filter((host) => needsLook(host));
  const columns = COLUMNS.filter(
    (name) => name === 'ok' || name === 'changed' || recap.some((host) => host.counts[name] > 0),
  );
  const reboots = recap.some((host) => host.reboots > 0);
  const head = [...columns, ...(reboots ? ['reboots'] : [])]
    .map((name) => name.padStart(Math.max(name.length, 4) + 1))
    .join('');
  const rows = shown.map((host) => {
    const cells = columns.map((name) => String(host.counts[name]).padStart(Math.max(name.length, 4) + 1)).join('');
    const booted = reboots ? String(host.reboots).padStart(8) : '';
    return `${host.host.padEnd(options.hostWidth)}  ${paintStatus(host.status, options)}${cells}${booted}${showDuration(host.ms).padStart(9)}`;
  });
  const owed = recap
    .filter((host) => host.owed.length > 0)
    .map((host) =>
      paint.bad(`${host.host.padEnd(options.hostWidth)}  owed handlers, not run: ${host.owed.join(', ')}`),
    );
  const hidden = recap.length - shown.length;
  return [
    paint.bold(`${'RECAP'.padEnd(options.hostWidth)}  ${''.padEnd(11)}${head}${'time'.padStart(9)}`),
    ...rows,
    ...(hidden > 0 ? [paint.dim(`${hidden} more hosts are fine`)] : []),
    ...owed,
    summary(recap, ms, options),
  ];
}

function needsLook(host: Recap): boolean {
  return (host.status !== 'ok' && host.status !== 'changed') || host.owed.length > 0;
}

function paintStatus(status: HostStatus, options: LineOptions): string {
  const text = (status === 'not_run' ? 'not run' : status).padEnd(11);
  if (status === 'ok') return options.paint.good(text);
  return status === 'changed' ? options.paint.changed(text) : options.paint.bad(text);
}

/** One line: `12 hosts: 11 changed, 1 failed; 12 reboots; 14s`. */
export function summary(recap: readonly Recap[], ms: number, options: LineOptions): string {
  const parts = (['ok', 'changed', 'failed', 'unreachable', 'aborted', 'not_run'] as const).flatMap((status) => {
    const count = recap.filter((host) => host.status === status).length;
    const word = status === 'not_run' ? 'not run' : options.check && status === 'changed' ? 'would change' : status;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  const reboots = recap.reduce((sum, host) => sum + host.reboots, 0);
  const booted = reboots === 0 ? '' : `; ${counted(reboots, 'reboot')}`;
  const hosts = counted(recap.length, 'host');
  return options.paint.bold(`${hosts}: ${parts.join(', ') || 'nothing to do'}${booted}; ${showDuration(ms)}`);
}
