import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Call } from '../calls.ts';
import { sleepOn, type Machine } from '../machine.ts';
import { idOf, type Origin } from '../model/deployment.ts';
import { imageOf, isPrivate, refspecOf, versionNamed, type ImageName } from '../model/image.ts';
import { bootedOf, change, dropStaged, mergeBase, putFirst, rollbackOf } from '../model/sysroot.ts';
import { readWords, type Words } from '../words.ts';
import { bootcStatus, isCapable, isLayered, lookFor } from './bootc-status.ts';
import { idle } from './ostree-verb.ts';
import { rebootNow } from './reboot.ts';
import { stageOrigin } from './rpm-ostree-packages.ts';
import { transact, writeFailure, type Work } from './transactions.ts';

type Verb = (machine: Machine, call: Call, words: Words) => number | Promise<number>;

const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  status: ['--json', '--booted', '--verbose'],
  upgrade: ['--quiet', '--check', '--apply', '--download-only', '--from-downloaded'],
  switch: ['--quiet', '--apply', '--enforce-container-sigpolicy', '--retain'],
  rollback: ['--apply'],
};

const VERBS: Readonly<Record<string, Verb>> = {
  status: bootcStatus,
  upgrade,
  switch: switchImage,
  rollback,
};

/** The modelled bootc: status, upgrade, switch and rollback. */
export function bootcTool(call: Call, machine: Machine): number | Promise<number> {
  const [verb = '', ...args] = call.args;
  if (verb === '--version') {
    call.out('bootc 1.12.1\n');
    return 0;
  }
  const run = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  const flags = OPTIONS[verb] ?? [];
  if (run === undefined) return fail(call, `the simulated bootc does not know "${call.args.join(' ')}"`);
  if (args.includes('--help')) {
    const valued = verb === 'upgrade' || verb === 'switch' ? ['--soft-reboot <SOFT_REBOOT>'] : [];
    call.out(['Options:', ...[...flags, ...valued].map((flag) => `      ${flag}`), ''].join('\n'));
    return 0;
  }
  const words = readWords(args, { flags, values: ['--format-version', '--format', '--transport', '--soft-reboot'] });
  if (words.unknown !== undefined) {
    call.err(`error: unexpected argument '${words.unknown}' found\n`);
    return 2;
  }
  if (call.user !== 'root') return fail(call, 'This command must be executed as the root user');
  return run(machine, call, words);
}

async function upgrade(machine: Machine, call: Call, words: Words): Promise<number> {
  const [staged] = machine.sysroot.deployments;
  const { origin } = mergeBase(machine.sysroot);
  const image = imageOf(origin.refspec);
  if (words.has('--from-downloaded')) {
    if (staged?.staged !== true) return fail(call, 'Upgrading: No staged deployment found');
    machine.sysroot = change(machine.sysroot, idOf(staged), { locked: false });
    call.out('Staged deployment will now be applied on reboot\n');
    return finish(machine, call, words);
  }
  if (isLayered(bootedOf(machine.sysroot)) || isLayered(mergeBase(machine.sysroot))) return fail(call, LAYERED);
  if (image === undefined) return fail(call, 'Upgrading: No image specified');
  if (words.has('--check')) return lookFor(machine, call, image);
  const stageNewest: Work = async (say) => {
    const version = versionNamed(image.name);
    const why = refusal(machine, image, version);
    if (why !== undefined) return refuse(say, `Upgrading: ${why}`);
    if (version === undefined || version === origin.version) return unlock(machine, say, words);
    return fetch(machine, say, { ...origin, version }, words.has('--download-only'));
  };
  return work(machine, call, words, 'BootcUpgrade', stageNewest);
}

/** A newest build that is staged already boots next, unless it is only to be downloaded. */
function unlock(machine: Machine, say: (text: string) => void, words: Words): number {
  const [staged] = machine.sysroot.deployments;
  if (staged?.staged !== true) {
    say('No update available.\n');
    return 0;
  }
  machine.sysroot = change(machine.sysroot, idOf(staged), { locked: words.has('--download-only') });
  say('Staged update present, not changed\n');
  return 0;
}

async function switchImage(machine: Machine, call: Call, words: Words): Promise<number> {
  const [name = ''] = words.rest;
  const transport = words.last('--transport') ?? 'registry';
  const image: ImageName = { name, transport, isSigned: words.has('--enforce-container-sigpolicy') };
  const { origin } = mergeBase(machine.sysroot);
  const refspec = refspecOf(image);
  if (refspec === origin.refspec) {
    call.out('Image specification is unchanged.\n');
    return 0;
  }
  const stageIt: Work = async (say) => {
    const version = versionNamed(name);
    const why = refusal(machine, image, version);
    if (why !== undefined || version === undefined) return refuse(say, `Switching: ${why ?? ''}`);
    return fetch(machine, say, { ...origin, refspec, version, requested: [], removals: [] }, false);
  };
  return work(machine, call, words, 'BootcSwitch', stageIt);
}

/** bootc waits for whoever has the lock of the system. */
async function work(machine: Machine, call: Call, words: Words, method: string, run: Work): Promise<number> {
  await idle(machine, call);
  const code = await transact(machine, call, { method, work: run });
  return code === 0 ? finish(machine, call, words) : code;
}

const LAYERED =
  'Upgrading: Deployment contains local rpm-ostree modifications; cannot upgrade via bootc. You can run `rpm-ostree reset` to undo the modifications.';

/** What the registry, the policy or the disk has against an image. Names tell the model which ones: private, unsigned, huge. */
function refusal(machine: Machine, { name, isSigned }: ImageName, version: string | undefined): string | undefined {
  const open = 'Pulling: Creating importer: failed to invoke method OpenImage:';
  if (isPrivate(name)) return `${open} unauthorized: access to the requested resource is not authorized`;
  if (version === undefined) return `${open} reading manifest: manifest unknown`;
  if (isSigned && name.includes('/unsigned/')) return `${open} A signature was required, but no signature exists`;
  if (name.includes('/huge/')) return 'Pulling: Importing: Unencapsulating base: No space left on device';
  return writeFailure(machine)
    ?.replace(/^error: /, '')
    .trim();
}

async function fetch(machine: Machine, say: (text: string) => void, origin: Origin, isKept: boolean): Promise<number> {
  say('layers already present: 67; layers needed: 1 (712.6 MB)\n');
  await sleepOn(machine, machine.timing.transaction);
  stageOrigin(machine, { origin, locked: isKept, madeBy: 'bootc' });
  say(
    `  Deploying: done\nQueued for next boot: ${imageOf(origin.refspec)?.name ?? ''}\n  Version: ${origin.version}\n`,
  );
  return 0;
}

/** What the options ask for once something is staged: a soft reboot is prepared, and the host goes down. */
function finish(machine: Machine, call: Call, words: Words): number {
  const mode = words.last('--soft-reboot');
  const [staged] = machine.sysroot.deployments;
  if (mode !== undefined && staged?.staged === true) {
    const canPrepare = isCapable(machine, staged);
    if (!canPrepare && mode === 'required') {
      return fail(call, 'Soft reboot was required but staged deployment is not soft-reboot capable');
    }
    if (canPrepare) mkdirSync(join(machine.root, 'run/nextroot/usr'), { recursive: true });
  }
  return words.has('--apply') ? rebootNow(call, machine, false) : 0;
}

function rollback(machine: Machine, call: Call, words: Words): number {
  const { sysroot } = machine;
  const booted = bootedOf(sysroot);
  const left = dropStaged(sysroot);
  const isQueued = left.deployments[0] !== booted;
  const next = isQueued ? booted : rollbackOf(left);
  if (next === undefined) return fail(call, 'Rollback: No rollback available');
  if (isQueued) call.out('notice: Reverting queued rollback state\n');
  machine.sysroot = putFirst(left, idOf(next));
  call.out(`Next boot: ${isQueued ? 'current' : 'rollback'} deployment\n`);
  return words.has('--apply') ? rebootNow(call, machine, false) : 0;
}

function refuse(say: (text: string) => void, message: string): number {
  say(`error: ${message}\n`);
  return 1;
}

function fail(call: Call, message: string): number {
  call.err(`error: ${message}\n`);
  return 1;
}
