import type { Machine } from '../machine.ts';
import { canReload, fileState, oneshot, type Unit } from '../model/units.ts';
import { systemState } from './system-state.ts';

/** Properties as `systemctl show` lists them, in its own order. */
export type Properties = readonly (readonly [key: string, value: string])[];

/** Properties of a unit. */
export function unitProperties(machine: Machine, unit: Unit): Properties {
  const found = unit.load !== 'not-found';
  return [
    ['Type', oneshot(unit) === 'no' ? 'simple' : 'oneshot'],
    ['RemainAfterExit', oneshot(unit) === 'remains' ? 'yes' : 'no'],
    ['MainPID', String(unit.mainPid)],
    ['ExecMainPID', String(unit.mainPid)],
    ['ExecMainCode', unit.ended === 0 ? '0' : '1'],
    ['ExecMainStatus', String(unit.exitStatus)],
    ['ExecMainStartTimestampMonotonic', monotonic(machine, unit.started)],
    ['ExecMainExitTimestampMonotonic', monotonic(machine, unit.ended)],
    ['Result', unit.result],
    ['NRestarts', '0'],
    ['ControlGroup', unit.mainPid === 0 ? '' : `/system.slice/${unit.name}`],
    ['Id', unit.name],
    ['Names', unit.name],
    ['Description', unit.description],
    ['LoadState', unit.masked ? 'masked' : unit.load],
    ['ActiveState', unit.active],
    ['SubState', unit.sub],
    ['FragmentPath', found ? unit.fragment : ''],
    ['UnitFileState', fileState(unit)],
    ['UnitFilePreset', found ? 'disabled' : ''],
    [
      'InvocationID',
      unit.started === 0 ? '' : `${unit.mainPid.toString(16)}0${unit.started.toString(16)}`.padStart(32, '0'),
    ],
    ['StateChangeTimestampMonotonic', monotonic(machine, Math.max(unit.started, unit.ended, unit.reloaded))],
    ['ActiveEnterTimestampMonotonic', monotonic(machine, unit.started)],
    ['InactiveEnterTimestampMonotonic', monotonic(machine, unit.ended)],
    ['CanStart', 'yes'],
    ['CanReload', canReload(unit) ? 'yes' : 'no'],
    ['NeedDaemonReload', machine.units.needsReload(unit) ? 'yes' : 'no'],
    ['Transient', unit.transient === true ? 'yes' : 'no'],
    ['DropInPaths', ''],
    ['Requires', unit.name === 'boot-complete.target' ? 'greenboot-healthcheck.service' : ''],
  ];
}

/** Properties of the manager itself. */
export function managerProperties(machine: Machine): Properties {
  const failed = machine.units.all().filter((unit) => unit.active === 'failed').length;
  return [
    ['Version', '257 (257.5-1.fc42)'],
    ['Features', '+PAM +AUDIT +SELINUX'],
    ['Virtualization', 'kvm'],
    ['Architecture', 'x86-64'],
    ['NFailedUnits', String(failed)],
    ['NJobs', '0'],
    ['SystemState', systemState(machine)],
    ['SoftRebootsCount', String(machine.softReboot?.count ?? 0)],
  ];
}

/** Microseconds since the boot; 0 for never. */
function monotonic(machine: Machine, at: number): string {
  return at === 0 ? '0' : String(Math.max(1, at - machine.bootedAt) * 1000);
}
