import type { Call } from '../calls.ts';
import type { Machine } from '../machine.ts';
import { unitName, type Unit } from '../model/units.ts';
import type { Words } from '../words.ts';
import { act } from './systemctl-act.ts';

/** `systemctl enable|disable|reenable|mask|unmask|preset UNIT…`, with `--now`. */
export function enableUnits(machine: Machine, call: Call, words: Words): number | Promise<number> {
  const [verb = '', ...rest] = words.rest;
  const names = rest.map(unitName);
  if (call.user !== 'root') {
    call.err(`Failed to ${verb} unit: Interactive authentication required.\n`);
    return 1;
  }
  const units = names.map((name) => machine.units.get(name));
  const missing = units.find((unit) => unit.load === 'not-found');
  if (missing !== undefined && verb !== 'mask' && verb !== 'unmask') {
    call.err(`Failed to ${verb} unit: Unit ${missing.name} does not exist\n`);
    return 1;
  }
  const masked = units.find((unit) => unit.masked);
  if (masked !== undefined && verb === 'enable') {
    call.err(`Failed to enable unit: Unit /etc/systemd/system/${masked.name} is masked\n`);
    return 1;
  }
  for (const unit of units) change(machine, call, verb, unit, words.has('--runtime'));
  if (!words.has('--now') || verb === 'unmask') return 0;
  const next = verb === 'enable' || verb === 'reenable' ? 'start' : 'stop';
  return act(machine, call, { ...words, rest: [next, ...names] });
}

function change(machine: Machine, call: Call, verb: string, unit: Unit, runtime: boolean): void {
  const { units } = machine;
  const link = `/etc/systemd/system/multi-user.target.wants/${unit.name}`;
  switch (verb) {
    case 'enable':
    case 'reenable':
      if (unit.file === 'static')
        call.err(
          'The unit files have no installation config (WantedBy=, RequiredBy=, UpheldBy=,\nAlso=, or Alias= settings in the [Install] section).\n',
        );
      else if (unit.file !== 'enabled') call.err(`Created symlink '${link}' → '${unit.fragment}'.\n`);
      if (unit.file !== 'static') units.set({ ...unit, file: 'enabled' });
      return;
    case 'disable':
      if (unit.file === 'enabled') {
        call.err(`Removed '${link}'.\n`);
        units.set({ ...unit, file: 'disabled' });
      }
      return;
    case 'mask':
      if (unit.load === 'not-found') call.err(`Unit ${unit.name} does not exist, proceeding anyway.\n`);
      call.err(`Created symlink '${runtime ? '/run' : '/etc'}/systemd/system/${unit.name}' → '/dev/null'.\n`);
      units.set({ ...unit, masked: true, maskedInRun: runtime });
      return;
    case 'unmask':
      if (unit.masked) {
        call.err(`Removed '${unit.maskedInRun === true ? '/run' : '/etc'}/systemd/system/${unit.name}'.\n`);
      }
      if (unit.load === 'not-found') units.remove(unit.name);
      else units.set({ ...unit, masked: false });
      return;
    default:
  }
}
