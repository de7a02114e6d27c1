import type { Change } from '../../core/module.ts';
import type { Params } from './schema.ts';
import type { Unit } from './state.ts';

/** True while the unit does its work. */
export function isRunning({ active }: Unit): boolean {
  return active === 'active' || active === 'reloading' || active === 'refreshing';
}

/** The verb that brings the unit to run, stop, or run anew; undefined when it is so. `before` is there once the steps are done. */
export function planRun({ state }: Params, unit: Unit, before: Unit | undefined): string | undefined {
  switch (state) {
    case undefined:
      return undefined;
    case 'stopped':
      return unit.active === 'inactive' || unit.active === 'failed' ? undefined : 'stop';
    case 'started':
      return isRunning(unit) || (before !== undefined && hasDone(unit)) ? undefined : 'start';
    case 'restarted':
      return before !== undefined && hasRunAnew(unit, before) ? undefined : 'restart';
    case 'reloaded':
      if (before === undefined) return isRunning(unit) ? 'reload' : 'start';
      return isRunning(unit) && unit.change !== before.change ? undefined : 'reload';
  }
}

/** A oneshot that does not remain has done its work when it is inactive again: that its start succeeded, systemctl has said. */
function hasDone(unit: Unit): boolean {
  return unit.isOneshot && !unit.remains && unit.active === 'inactive';
}

/** It runs, and it is another start than before. */
function hasRunAnew(unit: Unit, before: Unit): boolean {
  return hasDone(unit) || (isRunning(unit) && unit.start !== before.start);
}

/** After the steps: a unit that started and then fell over, which the exit code of systemctl does not tell. */
export function startFailure(want: Params, unit: Unit, name: string, before: Unit | undefined): Change | undefined {
  const isWished = want.state !== undefined && want.state !== 'stopped';
  const fell = unit.active === 'failed' || unit.sub === 'auto-restart';
  if (before === undefined || !isWished || !fell) return undefined;
  const how = unit.result === '' ? '' : ` (${unit.result}, status ${unit.exitStatus})`;
  return {
    refuse: `"${name}" was started and then failed${how}`,
    hint: `"journalctl -u ${name} -n 20 --no-pager" on the host says why`,
  };
}
