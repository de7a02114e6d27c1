import type { Call } from '../calls.ts';
import { log, type Machine } from '../machine.ts';
import { idOf, type Deployment } from '../model/deployment.ts';
import { add, bootedOf, change, dropStaged, nextSerial, putFirst, remove } from '../model/sysroot.ts';
import type { Words } from '../words.ts';
import { fail, locked, type Verb } from './ostree-verb.ts';

/** `ostree admin pin INDEX|booted|pending|rollback`, `-u` to unpin. */
export const pin: Verb = {
  summary: 'Change the "pinning" state of a deployment',
  isForRoot: true,
  flags: ['-u --unpin'],
  values: [],
  run: (machine, call, words) => ofIndex(machine, call, words, pinIt),
};

/** `ostree admin set-default INDEX`, since 2023.6; what is staged is dropped. */
export const setDefault: Verb = {
  summary: 'Make deployment INDEX the default',
  isForRoot: true,
  flags: [],
  values: [],
  run: (machine, call, words) =>
    ofIndex(machine, call, words, (found) => {
      if (found.staged) return fail(call, 'Cannot set staged deployment as default');
      machine.sysroot = putFirst(dropStaged(machine.sysroot), idOf(found));
      call.out(bootloader(0));
      return 0;
    }),
};

/** `ostree admin undeploy INDEX`: a pin does not keep it from that. */
export const undeploy: Verb = {
  summary: 'Delete deployment INDEX',
  isForRoot: true,
  flags: [],
  values: [],
  run: (machine, call, words) =>
    ofIndex(machine, call, words, (found, index) => {
      if (idOf(found) === machine.sysroot.bootedId) {
        return fail(call, `Cannot undeploy currently booted deployment ${index}`);
      }
      machine.sysroot = remove(machine.sysroot, idOf(found));
      call.out(`${found.staged ? '' : bootloader(-1)}Deleted deployment ${found.checksum}.${found.serial}\n`);
      return 0;
    }),
};

/** `ostree admin lock-finalization`, `-u` to unlock; since 2023.8. */
export const lockFinalization: Verb = {
  summary: 'Change the finalization locking state of a staged deployment',
  isForRoot: true,
  flags: ['-u --unlock'],
  values: [],
  run: (machine, call, words) => {
    const [staged] = machine.sysroot.deployments;
    if (staged?.staged !== true) return fail(call, 'No staged deployment');
    const isLocked = !words.has('-u');
    machine.sysroot = change(machine.sysroot, idOf(staged), { locked: isLocked });
    call.out(
      isLocked
        ? 'Staged deployment is locked for finalization\n'
        : 'Staged deployment is now queued to apply on shutdown\n',
    );
    return 0;
  },
};

/** `ostree admin unlock`: only a boot takes it back, and a hotfix stays; a clone is the way back from that. */
export const unlock: Verb = {
  summary: 'Make the current deployment mutable (as a hotfix or development)',
  isForRoot: true,
  flags: ['--hotfix', '--transient'],
  values: [],
  run: (machine, call, words) =>
    locked(machine, call, () => {
      const booted = bootedOf(machine.sysroot);
      if (words.has('--hotfix') && words.has('--transient')) {
        return fail(call, 'Cannot specify both --hotfix and --transient');
      }
      if (booted.unlocked !== 'none') {
        return fail(call, `Deployment is already in unlocked state: ${booted.unlocked}`);
      }
      const state = words.has('--hotfix') ? 'hotfix' : words.has('--transient') ? 'transient' : 'development';
      if (state === 'hotfix') {
        const clone = { ...booted, serial: nextSerial(machine.sysroot, booted), pinned: false };
        machine.sysroot = add(machine.sysroot, clone, { retains: false, isDefault: false });
      }
      machine.sysroot = change(machine.sysroot, idOf(booted), { unlocked: state });
      log(machine, 'ostree', `Unlocked deployment ${booted.checksum}.${booted.serial}: ${state}`);
      call.out(`${UNLOCKED[state]}\n`);
      return 0;
    }),
};

const UNLOCKED = {
  development:
    'Development mode enabled.  A writable overlayfs is now mounted on /usr.\nAll changes there will be discarded on reboot.',
  hotfix:
    'Hotfix mode enabled.  A writable overlayfs is now mounted on /usr\nfor this booted deployment.  A non-hotfixed clone has been created\nas the non-default rollback target.',
  transient:
    'A writable overlayfs is prepared for /usr, but is only available in private mount namespaces\n(unshare -m -- /bin/sh -c "mount -o remount,rw /usr && /bin/sh").',
} as const;

/** What ostree says after it wrote the boot loader's entries. */
export function bootloader(count: number): string {
  return `Bootloader updated; bootconfig swap: yes; bootversion: boot.1.1, deployment count change: ${count}\n`;
}

function pinIt(found: Deployment, index: number, machine: Machine, call: Call, words: Words): number {
  const isOff = words.has('-u');
  if (found.staged) return fail(call, 'Cannot pin staged deployment');
  const isAlready = found.pinned !== isOff;
  call.out(`Deployment ${index} is ${isAlready ? 'already' : 'now'} ${isOff ? 'unpinned' : 'pinned'}\n`);
  machine.sysroot = change(machine.sysroot, idOf(found), { pinned: !isOff });
  return 0;
}

/** Does something with the deployment of a place in the list. */
function ofIndex(
  machine: Machine,
  call: Call,
  words: Words,
  run: (found: Deployment, index: number, machine: Machine, call: Call, words: Words) => number,
): Promise<number> | number {
  const [word] = words.rest;
  if (word === undefined) return fail(call, 'INDEX must be specified');
  return locked(machine, call, () => {
    const { deployments } = machine.sysroot;
    const booted = deployments.indexOf(bootedOf(machine.sysroot));
    const index = { booted, pending: 0, rollback: booted + 1 }[word] ?? Number(word);
    if (!Number.isInteger(index)) return fail(call, `Invalid index: ${word}`);
    const found = deployments[index];
    if (found === undefined) {
      return fail(call, `Out of range deployment index ${word}, expected < ${deployments.length}`);
    }
    return run(found, index, machine, call, words);
  });
}
