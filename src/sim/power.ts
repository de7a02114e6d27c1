import { setTimeout as delay } from 'node:timers/promises';
import { forkEtc, swapEtc } from './host-files.ts';
import { enterBoot, faultOf, log, type Machine } from './machine.ts';
import { idOf } from './model/deployment.ts';
import { boot, bootedOf, dropStaged, finalize } from './model/sysroot.ts';
import { ended, running } from './model/units.ts';
import { readSshd } from './sshd.ts';
import { startWanted } from './unit-runs.ts';

/** What came of the order to reboot: done, or why not. */
export type RebootAnswer = 'going' | 'blocked';

const FINALIZE = 'ostree-finalize-staged.service';
const COMPLETE = 'ostree-boot-complete.service';

/** Reboots the host as asked; returns at once, as systemctl does. */
export function orderReboot(machine: Machine): RebootAnswer {
  if (faultOf(machine, 'reboot-blocked') !== undefined) return 'blocked';
  machine.counts.reboots += 1;
  if (faultOf(machine, 'ignores-reboot') !== undefined || machine.stopping) return 'going';
  machine.stopping = true;
  log(machine, 'systemd-logind.service', 'The system will reboot now!');
  void reboot(machine).catch((error: unknown) => {
    // The fleet was stopped meanwhile; anything else is a bug and must be seen.
    if (!machine.life.signal.aborted) throw error;
  });
  return 'going';
}

async function reboot(machine: Machine): Promise<void> {
  const { timing, random } = machine;
  const still = { ref: false, signal: machine.life.signal } as const;
  const cutPower = faultOf(machine, 'power-cut') !== undefined;
  if (!cutPower) await delay(timing.shutdown, undefined, still);
  machine.sysroot = cutPower ? dropStaged(machine.sysroot) : shutDown(machine);
  goDown(machine);
  if (faultOf(machine, 'never-returns') !== undefined) return;
  const late = faultOf(machine, 'comes-late')?.ms ?? 0;
  await delay(timing.down + random.below(Math.ceil(timing.down / 5)) + late, undefined, still);
  comeUp(machine);
  await bootAgain(machine, still);
}

/** A host that cannot keep up goes down as soon as it is up. */
async function bootAgain(
  machine: Machine,
  still: { readonly ref: false; readonly signal: AbortSignal },
): Promise<void> {
  const again = faultOf(machine, 'boots-again');
  if (again === undefined) return;
  if (again.times <= 1) machine.faults.delete('boots-again');
  else machine.faults.set('boots-again', { ...again, times: again.times - 1 });
  await delay(machine.timing.down * 3, undefined, still);
  await reboot(machine);
}

/** Userspace alone starts anew, in the deployment that boots next; the kernel and its boot id stay. */
export function orderSoftReboot(machine: Machine): RebootAnswer {
  machine.softReboot = { count: (machine.softReboot?.count ?? 0) + 1, pending: true };
  return orderReboot(machine);
}

/** Everything stops; nothing of this boot goes on. */
export function goDown(machine: Machine): void {
  machine.up = false;
  machine.onPower(false);
  machine.power.abort(new Error('the host went down'));
  machine.processes.endAll();
  machine.transaction = undefined;
  machine.sysrootLock = undefined;
}

/** The host boots the first deployment of the boot order. */
export function comeUp(machine: Machine): void {
  const before = bootedOf(machine.sysroot);
  const first = machine.sysroot.deployments[0] ?? before;
  const falls = faultOf(machine, 'falls-back') !== undefined && idOf(first) !== idOf(before);
  const next = falls || faultOf(machine, 'boot-menu') !== undefined ? before : first;
  machine.power = new AbortController();
  machine.boots += 1;
  const fresh = machine.random.uuid();
  machine.bootId = machine.softReboot?.pending === true ? machine.bootId : fresh;
  machine.softReboot =
    machine.softReboot?.pending === true ? { count: machine.softReboot.count, pending: false } : undefined;
  machine.bootedAt = Date.now();
  machine.stopping = false;
  swapEtc(machine.root, before, next);
  machine.sysroot = boot(machine.sysroot, idOf(next));
  if (falls) fellBack(machine, idOf(before));
  enterBoot(machine);
  machine.up = true;
  settle(machine);
  machine.sshd = readSshd(machine.root);
  machine.onPower(true);
  startWanted(machine);
}

/** What ostree-finalize-staged does at shutdown, or why it cannot. */
function shutDown(machine: Machine): Machine['sysroot'] {
  const { sysroot } = machine;
  const [staged] = sysroot.deployments;
  machine.finalizeFailure = undefined;
  if (staged?.staged !== true) return sysroot;
  const failure = finalizeFailure(machine);
  if (staged.locked) {
    log(machine, FINALIZE, 'Not finalizing; deployment is locked for finalization');
    return finalize(sysroot);
  }
  log(machine, FINALIZE, 'Finalizing staged deployment', { messageId: 'e8646cd63dff4625b77909a8e7a40994' });
  if (failure !== undefined) {
    log(machine, FINALIZE, `error: ${failure}`, { priority: 3 });
    log(machine, FINALIZE, `${FINALIZE}: Control process exited, code=exited, status=1/FAILURE`, { priority: 4 });
    log(machine, FINALIZE, `${FINALIZE}: Failed with result 'exit-code'.`, { priority: 4 });
    machine.finalizeFailure = failure;
    return dropStaged(sysroot);
  }
  const { from, to } = forkEtc(machine.root, staged);
  machine.owners.copy(from, to);
  const swap = 'Bootloader updated; bootconfig swap: yes; bootversion: boot.0.1, deployment count change: 0';
  log(machine, FINALIZE, 'Finalized deployment');
  log(machine, FINALIZE, swap, { messageId: 'dd440e3e549083b63d0efc7dc15255f1' });
  return finalize(sysroot);
}

function finalizeFailure(machine: Machine): string | undefined {
  const fault = faultOf(machine, 'boots-old');
  if (fault?.cause === 'etc-merge') return 'Merging /etc: opening /etc/tmpfiles.d: Permission denied';
  if (fault !== undefined || faultOf(machine, 'disk-full') !== undefined) {
    return 'Installing kernel: regfile copy: No space left on device';
  }
  return undefined;
}

/** After three boots that were not healthy greenboot puts the old deployment first again. */
function fellBack(machine: Machine, id: string): void {
  const unit = 'greenboot-rpm-ostree-grub2-check-fallback.service';
  const { sysroot } = machine;
  const others = sysroot.deployments.filter((one) => idOf(one) !== id);
  machine.sysroot = { ...sysroot, deployments: [bootedOf(sysroot), ...others] };
  const message = 'FALLBACK BOOT DETECTED! Default rpm-ostree deployment has been rolled back.';
  machine.boots += 3;
  log(machine, unit, message, { priority: 4 });
}

/** Units that tell how the boot went, some time after the first login. */
function settle(machine: Machine): void {
  const { units, timing } = machine;
  const now = Date.now();
  if (machine.finalizeFailure !== undefined) {
    const why = `error: ${FINALIZE} failed on previous boot: ${machine.finalizeFailure}`;
    log(machine, COMPLETE, why, { priority: 3 });
    units.set(ended(units.get(COMPLETE), 1, now));
  }
  const sick = faultOf(machine, 'unhealthy');
  if (sick !== undefined) {
    log(machine, sick.unit, `${sick.unit}: Main process exited, code=exited, status=1/FAILURE`, { priority: 4 });
    units.set(ended(units.get(sick.unit), 1, now));
  }
  setTimeout(() => {
    if (sick === undefined && machine.bootedAt <= now)
      units.set(running(units.get('boot-complete.target'), 0, Date.now()));
  }, timing.boot).unref();
}

/** Whether `systemctl is-system-running` still says `starting`. */
export function isStarting(machine: Machine): boolean {
  return Date.now() - machine.bootedAt < machine.timing.boot;
}
