import { faultOf, log, type Machine } from '../machine.ts';
import { isStarting } from '../power.ts';

/** What the whole system is in: starting for a while after a boot, degraded with a failed unit. */
export function systemState(machine: Machine): string {
  if (machine.stopping) return 'stopping';
  if (isStarting(machine)) return 'starting';
  return machine.units.all().some((unit) => unit.active === 'failed') ? 'degraded' : 'running';
}

/** Whether starting this unit fails on this host, by a fault. */
export function isSick(machine: Machine, name: string): boolean {
  const sick = faultOf(machine, 'unhealthy')?.unit === name;
  if (sick) log(machine, name, `${name}: Main process exited, code=exited, status=1/FAILURE`, { priority: 4 });
  return sick;
}
