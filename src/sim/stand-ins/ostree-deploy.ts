import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Call } from '../calls.ts';
import { forkEtc } from '../host-files.ts';
import { sleepOn, type Machine } from '../machine.ts';
import type { Deployment, Origin } from '../model/deployment.ts';
import { refspecIn } from '../model/origin-file.ts';
import { findCommit, type Commit } from '../model/repo.ts';
import { add, bootedOf, nextSerial, stage } from '../model/sysroot.ts';
import { hasStateroot } from '../ostree-files.ts';
import type { Words } from '../words.ts';
import { bootloader } from './ostree-order.ts';
import { fail, locked, type Verb } from './ostree-verb.ts';
import { writeFailure } from './transactions.ts';

/** `ostree admin deploy REFSPEC`: at once, or staged for the shutdown. */
export const deploy: Verb = {
  summary: 'Checkout revision REFSPEC as the new default deployment',
  isForRoot: true,
  flags: [
    '--no-prune',
    '--no-merge',
    '--retain',
    '--stage',
    '--lock-finalization',
    '--not-as-default',
    '--karg-proc-cmdline',
    '--karg-none',
  ],
  values: ['--os --stateroot', '--origin-file', '--karg', '--karg-append', '--karg-delete'],
  run: (machine, call, words) => {
    const [name] = words.rest;
    if (name === undefined) return fail(call, 'REF/REV must be specified');
    return locked(machine, call, () => deployIt(machine, call, words, name));
  },
};

async function deployIt(machine: Machine, call: Call, words: Words, name: string): Promise<number> {
  const { sysroot, refs, root } = machine;
  const booted = bootedOf(sysroot);
  const osname = words.last('--os') ?? booted.osname;
  if (!hasStateroot(root, osname)) return fail(call, `No such stateroot: ${osname}`);
  const commit = findCommit(refs, sysroot.deployments, name);
  if (commit === undefined) return fail(call, notFound(name));
  const merge = booted.osname === osname ? booted : sysroot.deployments.find((one) => one.osname === osname);
  const kargs = changedKargs(words.has('--no-merge') ? [] : (merge?.kargs ?? []), booted.kargs, words);
  if (typeof kargs === 'string') return fail(call, kargs);
  await sleepOn(machine, machine.timing.transaction);
  const full = writeFailure(machine)?.replace('Importing packages', 'Checking out deployment tree');
  if (full !== undefined) {
    call.err(full);
    return 1;
  }
  put(machine, call, words, {
    osname,
    checksum: commit.checksum,
    serial: nextSerial(machine.sysroot, { osname, checksum: commit.checksum }),
    origin: originOf(commit, name, originFile(words, root)),
    kargs,
    timestamp: Math.floor(Date.now() / 1000),
    staged: false,
    locked: false,
    pinned: false,
    unlocked: 'none',
    madeBy: 'ostree admin deploy',
  });
  return 0;
}

function notFound(name: string): string {
  return /^[0-9a-f]{64}$/.test(name)
    ? `Checking out deployment tree: No such metadata object ${name}.commit`
    : `Refspec '${name}' not found`;
}

/** Writes it: staged, or finished with the /etc of this moment. */
function put(machine: Machine, call: Call, words: Words, deployment: Deployment): void {
  const retains = words.has('--retain');
  const isLocked = words.has('--lock-finalization');
  if (isLocked || words.has('--stage')) {
    machine.sysroot = stage(machine.sysroot, { ...deployment, locked: isLocked, retains });
    return;
  }
  const before = machine.sysroot.deployments.length;
  machine.sysroot = add(machine.sysroot, deployment, { retains, isDefault: !words.has('--not-as-default') });
  const { from, to } = forkEtc(machine.root, deployment);
  machine.owners.copy(from, to);
  call.out(
    `Copying /etc changes: 0 modified, 0 removed, 0 added\n${bootloader(machine.sysroot.deployments.length - before)}`,
  );
}

function originFile(words: Words, root: string): string | undefined {
  const path = words.last('--origin-file');
  return path === undefined ? undefined : refspecIn(readFileSync(join(root, path), 'utf8'));
}

/** The file names the ref that is followed; without one the word that was deployed does. */
function originOf({ refspec, version }: Commit, name: string, told: string | undefined): Origin {
  const follows = told ?? name;
  const plain = { refspec, version, pinnedBuild: false, requested: [], requestedLocal: [], removals: [] };
  return follows === refspec ? plain : { ...plain, follows };
}

/** The arguments of a new deployment, or why not. */
function changedKargs(merged: readonly string[], running: readonly string[], words: Words): readonly string[] | string {
  let kargs = words.has('--karg-none') ? [] : words.has('--karg-proc-cmdline') ? running : merged;
  for (const gone of words.all('--karg-delete')) {
    if (!kargs.includes(gone)) return `No karg '${gone}' found`;
    kargs = kargs.toSpliced(kargs.indexOf(gone), 1);
  }
  for (const word of words.all('--karg')) {
    const key = keyOf(word);
    kargs = [...kargs.filter((one) => keyOf(one) !== key), word];
  }
  return [...kargs, ...words.all('--karg-append')];
}

function keyOf(word: string): string {
  return word.split('=')[0] ?? '';
}
