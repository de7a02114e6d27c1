import { quote } from '../../core/command.ts';
import type { Call } from '../calls.ts';
import type { Machine } from '../machine.ts';

/** The machine's own setsid, which then tells the host of the group it made: a reboot must end that too. */
export function setsid(call: Call, machine: Machine): number {
  const options = call.args.findIndex((word) => !word.startsWith('-'));
  const before = call.args.slice(0, Math.max(0, options)).map(quote).join(' ');
  const bin = `${machine.root}/usr/bin`;
  call.become(
    `exec 9<&-\nshift ${Math.max(0, options)}\nexec "${bin}/copse-setsid" ${before} "${bin}/copse-adopted" "$@"`,
  );
  return 0;
}

/** Runs behind setsid: its process leads a new group. */
export function adopted(call: Call, machine: Machine): number {
  machine.processes.adopt(call.pid);
  call.become('exec 9<&-\nexec "$@"');
  return 0;
}
