import type { Call } from '../calls.ts';
import { faultOf, type Machine } from '../machine.ts';
import { orderReboot } from '../power.ts';

/** `reboot` and `poweroff`; a host nobody can walk to that is powered off comes back as well, by its watchdog. */
export function rebootTool(call: Call, machine: Machine): number {
  return rebootNow(call, machine, call.args.includes('-f') || call.args.includes('--force'));
}

/** `shutdown -r [now|+N]`. */
export function shutdownTool(call: Call, machine: Machine): number {
  if (call.args.includes('-c')) return 0;
  return rebootNow(call, machine, false);
}

/** Orders a reboot for root; refused while somebody holds an inhibitor lock. */
export function rebootNow(call: Call, machine: Machine, force: boolean): number {
  if (call.user !== 'root') {
    call.err('Call to Reboot failed: Interactive authentication required.\n');
    return 1;
  }
  if (force) machine.faults.set('power-cut', { fault: 'power-cut' });
  const answer = orderReboot(machine);
  if (force) machine.faults.delete('power-cut');
  if (answer === 'going') return 0;
  call.err('Operation inhibited by "backup" (PID 812 "backup", user root), reason is "a backup is running".\n');
  call.err(
    "Please retry operation after closing inhibitors and logging out other users.\nAlternatively, ignore inhibitors and users with 'systemctl reboot -i'.\n",
  );
  return 1;
}

/** `busctl get-property` of logind: which actions somebody holds a lock against; nothing else is known. */
export function busctl(call: Call, machine: Machine): number {
  if (call.args[0] !== 'get-property' || call.args.at(-1) !== 'BlockInhibited') {
    call.err('Failed to get property: Unknown interface or property.\n');
    return 1;
  }
  call.out(`s "${faultOf(machine, 'reboot-blocked') === undefined ? '' : 'shutdown:sleep'}"\n`);
  return 0;
}
