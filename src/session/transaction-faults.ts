import { fault, type Fault } from '../core/problem.ts';

/** The name itself; it is part of a path and of a unit's name on the host, and refused with E_VALUE when it cannot be. */
export function checkedName(name: string): string {
  if (/^[A-Za-z0-9][\w.-]{0,199}$/.test(name)) return name;
  throw fault({
    code: 'E_VALUE',
    message: `expected a name for a transaction, found "${name}"`,
    hint: 'letters, digits and the characters . _ -, at most 200',
  });
}

/** Ends that are not the follower's own are taken for those of the link, but not for ever. */
export function strangeEnd(code: number, times: number): Fault {
  const message = `what follows the detached command on the host ended (exit ${code})`;
  if (times < 3) return fault({ code: 'E_LOST', message });
  const hint = 'the command itself may go on; look at the host, then run again to attach to it';
  return fault({ code: 'E_ANSWER', message: `${message}, ${times} times`, hint });
}

/** It was begun, but nothing ran. */
export function unstarted(name: string): Fault {
  return fault({
    code: 'E_COMMAND',
    message: `the host did not start the detached command "${name}" within 10s; it has not run`,
    hint: `see why: journalctl -u ${name}; then run again`,
  });
}

/** There is no room for its record. */
export function noFolder(name: string): Fault {
  return fault({
    code: 'E_COMMAND',
    message: `the host could not keep the record of the detached command "${name}"; it has not run`,
    hint: 'root needs room in /run/copse, another user in ~/.local/state/copse: df -h',
  });
}

/** Its record is gone or broken. */
export function noStatus(name: string): Fault {
  return fault({
    code: 'E_ANSWER',
    message: `the record of the detached command "${name}" does not tell its exit status`,
    hint: 'somebody removed it while copse was following; run again, state is read afresh',
  });
}
