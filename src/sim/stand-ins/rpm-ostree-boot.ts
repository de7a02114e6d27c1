import type { Call } from '../calls.ts';
import { sleepOn, type Machine } from '../machine.ts';
import { baseChecksum, idOf } from '../model/deployment.ts';
import { bootedOf, change, cleanup, putFirst, rollbackOf } from '../model/sysroot.ts';
import { orderReboot } from '../power.ts';
import { readWords } from '../words.ts';
import { transact } from './transactions.ts';

/** `rpm-ostree rollback`: the deployment after the booted one boots next. */
export function rollbackCommand(machine: Machine, call: Call): number {
  const { sysroot } = machine;
  const [first] = sysroot.deployments;
  const booted = bootedOf(sysroot);
  if (first?.staged === true) return fail(call, 'Staged deployment (remove with cleanup -p)');
  const next = first !== undefined && idOf(first) !== idOf(booted) ? booted : rollbackOf(sysroot);
  if (next === undefined) return fail(call, 'No rollback deployment found');
  call.out(`Moving '${next.checksum}.${next.serial}' to be first deployment\n`);
  machine.sysroot = putFirst(sysroot, idOf(next));
  call.out('Changes queued for next boot. Run "systemctl reboot" to start a reboot\n');
  return 0;
}

/** `rpm-ostree cleanup`. */
export function cleanupCommand(machine: Machine, call: Call, args: readonly string[]): number | Promise<number> {
  const words = readWords(args, { flags: ['-p --pending', '-r --rollback', '-b --base', '-m --repomd'], values: [] });
  if (!['-p', '-r', '-b', '-m'].some((name) => words.has(name))) {
    return fail(call, 'cleanup: At least one cleanup option must be specified');
  }
  const work = async (say: (text: string) => void): Promise<number> => {
    const before = machine.sysroot;
    machine.sysroot = cleanup(before, { pending: words.has('-p'), rollback: words.has('-r') });
    const freed = before.deployments.length - machine.sysroot.deployments.length;
    say(freed === 0 ? 'Deployments unchanged.\n' : `Freed: 48.2 MB (pkgcache branches: ${freed})\n`);
    return 0;
  };
  return transact(machine, call, { method: 'Cleanup', work });
}

/** `rpm-ostree cancel`: returns once the transaction is gone. */
export async function cancelCommand(machine: Machine, call: Call): Promise<number> {
  const { transaction } = machine;
  if (transaction === undefined) {
    call.out('No active transaction.\n');
    return 0;
  }
  call.out(`Cancelling transaction: ${transaction.title}\n`);
  transaction.cancel.abort(new Error('cancelled'));
  await transaction.done;
  call.out('Cancelled.\n');
  return 0;
}

/** `rpm-ostree finalize-deployment CHECKSUM`: unlocks the staged deployment and reboots. */
export function finalizeCommand(machine: Machine, call: Call, args: readonly string[]): number {
  const words = readWords(args, { flags: ['--allow-missing-checksum', '--allow-unlocked'], values: [] });
  const [wanted] = words.rest;
  const [staged] = machine.sysroot.deployments;
  if (wanted === undefined && !words.has('--allow-missing-checksum')) return fail(call, 'Missing expected checksum');
  if (staged?.staged !== true) return fail(call, 'No pending staged deployment found');
  const base = baseChecksum(staged.origin);
  if (wanted !== undefined && wanted !== base) {
    return fail(call, `Expected staged base checksum ${wanted}, but found ${base}`);
  }
  if (!staged.locked && !words.has('--allow-unlocked')) return fail(call, 'Staged deployment already unlocked');
  if (machine.faults.has('reboot-blocked')) return fail(call, INHIBITED);
  machine.sysroot = change(machine.sysroot, idOf(staged), { locked: false });
  orderReboot(machine);
  return 0;
}

const INHIBITED =
  'Reboot blocked by a systemd inhibitor lock in `block` mode\nHeld by: backup (PID 812 / UID 0)\nReason: a backup is running';

/** `rpm-ostree refresh-md`. */
export function refreshCommand(machine: Machine, call: Call): number | Promise<number> {
  const work = async (say: (text: string) => void, signal: AbortSignal): Promise<number> => {
    say('Enabled rpm-md repositories: fedora updates\n');
    await sleepOn(machine, machine.timing.transaction / 4, signal);
    say("Updating metadata for 'updates'... done\n");
    return 0;
  };
  return transact(machine, call, { method: 'RefreshMd', work });
}

function fail(call: Call, message: string): number {
  call.err(`error: ${message}\n`);
  return 1;
}
