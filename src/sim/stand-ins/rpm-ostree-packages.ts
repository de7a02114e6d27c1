import type { Call } from '../calls.ts';
import { faultOf, sleepOn, type Machine } from '../machine.ts';
import { resolve, type Deployment, type Origin, type Tree } from '../model/deployment.ts';
import { evr, nevra, packageOf, rpmNamed, satisfies } from '../model/packages.ts';
import { withOrigin } from '../model/repo.ts';
import { mergeBase, nextSerial, stage } from '../model/sysroot.ts';
import { readWords, type Words } from '../words.ts';
import { applyLive } from './rpm-ostree-live.ts';
import { logDeployment, transact, writeFailure, type Work } from './transactions.ts';

const FLAGS = [
  '--idempotent',
  '--allow-inactive',
  '--unchanged-exit-77',
  '-n --dry-run',
  '-y --assumeyes',
  '-A --apply-live',
  '-C --cache-only',
  '--download-only',
  '--lock-finalization',
  '-q --quiet',
  '--all',
  '-r --reboot',
];

/** `rpm-ostree install`. */
export function installCommand(machine: Machine, call: Call, args: readonly string[]): number | Promise<number> {
  return changePackages(
    machine,
    call,
    readWords(args, { flags: FLAGS, values: ['--uninstall', '--stateroot --os'] }),
    'install',
  );
}

/** `rpm-ostree uninstall`. */
export function uninstallCommand(machine: Machine, call: Call, args: readonly string[]): number | Promise<number> {
  return changePackages(
    machine,
    call,
    readWords(args, { flags: FLAGS, values: ['--install', '--stateroot --os'] }),
    'uninstall',
  );
}

function changePackages(
  machine: Machine,
  call: Call,
  words: Words,
  how: 'install' | 'uninstall',
): number | Promise<number> {
  const wrong = usage(words, how);
  if (wrong !== undefined) {
    call.err(`error: ${wrong}\n`);
    return 1;
  }
  const add = how === 'install' ? words.rest : words.all('--install');
  const remove = how === 'install' ? words.all('--uninstall') : words.rest;
  return transact(machine, call, { method: 'PkgChange', work: packageWork(machine, words, add, remove) });
}

function usage(words: Words, how: string): string | undefined {
  if (words.unknown !== undefined) return `Unknown option ${words.unknown}`;
  if (words.rest.length === 0 && !words.has('--all')) return `At least one PACKAGE must be specified`;
  if (words.has('-r') && words.has('-A')) return 'Cannot specify `apply-live` and `reboot`';
  return words.has('-A') && how === 'uninstall' ? 'Unknown option --apply-live' : undefined;
}

function packageWork(machine: Machine, words: Words, add: readonly string[], remove: readonly string[]): Work {
  return async (say, signal) => {
    const merge = mergeBase(machine.sysroot);
    const requests = changeRequests(merge, words, add, remove);
    if ('error' in requests) return fail(say, requests.error);
    say('Checking out tree... done\nEnabled rpm-md repositories: fedora updates\nImporting rpm-md... done\n');
    await sleepOn(machine, machine.timing.transaction / 2, signal);
    const origin: Origin = { ...merge.origin, ...requests };
    const tree = resolveHere(machine, origin);
    if (tree.missing.length > 0) return fail(say, `Packages not found: ${tree.missing.join(', ')}`);
    say('Resolving dependencies... done\n');
    if (words.has('-n')) {
      say("Exiting because of '--dry-run' option\n");
      return 0;
    }
    if (
      same(requests.requested, merge.origin.requested) &&
      same(requests.requestedLocal, merge.origin.requestedLocal)
    ) {
      say('No change.\n');
      return words.has('--unchanged-exit-77') ? 77 : 0;
    }
    const full = writeFailure(machine);
    if (full !== undefined) return fail(say, full.slice('error: '.length).trim());
    say(showInactive(tree));
    await sleepOn(machine, machine.timing.transaction / 2, signal);
    say('Writing rpmdb... done\nWriting OSTree commit... done\nStaging deployment... done\n');
    stageOrigin(machine, { origin, locked: words.has('--lock-finalization'), madeBy: 'install' });
    say(showDifference(resolve(merge.origin), tree));
    if (words.has('-A')) return applyLive(machine, say, { allowReplacement: false });
    say('Changes queued for next boot. Run "systemctl reboot" to start a reboot\n');
    return 0;
  };
}

/** The tree of an origin with the packages that this host's repositories really have. */
export function resolveHere(machine: Machine, origin: Origin): Tree {
  const missing = faultOf(machine, 'package-missing');
  return resolve(origin, missing === undefined ? [] : [missing.name]);
}

/** What a new deployment is made from. */
export interface Staging {
  readonly origin: Origin;
  readonly locked: boolean;
  readonly madeBy: string;
  readonly kargs?: readonly string[];
}

/** Stages a deployment of an origin on top of the one that boots next. */
export function stageOrigin(machine: Machine, { origin, locked, madeBy, kargs }: Staging): void {
  const { sysroot } = machine;
  const merge = mergeBase(sysroot);
  const { checksum } = resolve(origin);
  const deployment: Deployment = {
    osname: merge.osname,
    checksum,
    serial: nextSerial(sysroot, { osname: merge.osname, checksum }),
    origin,
    kargs: kargs ?? merge.kargs,
    timestamp: Math.floor(Date.now() / 1000),
    staged: true,
    locked,
    pinned: false,
    unlocked: 'none',
    madeBy,
  };
  machine.refs = withOrigin(machine.refs, origin);
  machine.sysroot = stage(sysroot, deployment);
  logDeployment(machine);
}

function changeRequests(
  merge: Deployment,
  words: Words,
  add: readonly string[],
  remove: readonly string[],
): Pick<Origin, 'requested' | 'requestedLocal'> | { readonly error: string } {
  const { requested, requestedLocal } = merge.origin;
  const files = add.flatMap((word) => rpmNamed(word) ?? []);
  const names = add.filter((word) => rpmNamed(word) === undefined);
  const clash = files.find((file) =>
    requestedLocal.some((one) => nameOf(one) === nameOf(file) && !remove.includes(one) && one !== file),
  );
  if (clash !== undefined)
    return {
      error: `Could not depsolve transaction; 1 problem detected:\n Problem: cannot install both ${clash} and another one`,
    };
  const idempotent = words.has('--idempotent');
  const base = resolve(merge.origin).base.packages;
  for (const request of names) {
    const provider = base.find((pkg) => satisfies(pkg, request));
    if (provider !== undefined && !words.has('--allow-inactive')) {
      const inTheBase = `"${request}" is already provided by: ${nevra(provider)}. Use --allow-inactive to explicitly require it.`;
      return { error: inTheBase };
    }
    if (requested.includes(request) && !idempotent)
      return { error: `Package/capability '${request}' is already requested` };
  }
  const gone = words.has('--all') ? requested : remove;
  const unknown = gone.find((request) => !requested.includes(request) && !requestedLocal.includes(request));
  if (unknown !== undefined && !idempotent)
    return { error: `Package/capability '${unknown}' is not currently requested` };
  const kept = requested.filter((request) => !gone.includes(request));
  const local = requestedLocal.filter((one) => !gone.includes(one));
  return {
    requested: [...kept, ...names.filter((request) => !kept.includes(request))],
    requestedLocal: [...local, ...files.filter((file) => !local.includes(file))],
  };
}

/** Whether two lists of requests mean the same. */
export function same(one: readonly string[], other: readonly string[]): boolean {
  return JSON.stringify(one.toSorted()) === JSON.stringify(other.toSorted());
}

function fail(say: (text: string) => void, message: string): number {
  say(`error: ${message}\n`);
  return 1;
}

function showInactive({ inactive }: Tree): string {
  if (inactive.length === 0) return '';
  const lines = inactive.map(({ request, by }) => `  ${request} (already provided by ${nevra(by)})\n`);
  return `Inactive requests:\n${lines.join('')}`;
}

/** The blocks `Upgraded:`, `Removed:`, `Added:` after a change. */
export function showDifference(from: Tree, to: Tree): string {
  const before = new Map([...from.base.packages, ...from.layered].map((pkg) => [pkg.name, pkg]));
  const after = new Map([...to.base.packages, ...to.layered].map((pkg) => [pkg.name, pkg]));
  const upgraded = [...after.values()].flatMap((pkg) => {
    const old = before.get(pkg.name);
    return old === undefined || evr(old) === evr(pkg) ? [] : [`${pkg.name} ${evr(old)} -> ${evr(pkg)}`];
  });
  const removed = [...before.values()].filter((pkg) => !after.has(pkg.name)).map(nevra);
  const added = [...after.values()].filter((pkg) => !before.has(pkg.name)).map(nevra);
  const block = (title: string, lines: readonly string[]): string =>
    lines.length === 0 ? '' : `${title}:\n${lines.map((line) => `  ${line}\n`).join('')}`;
  return block('Upgraded', upgraded) + block('Removed', removed) + block('Added', added);
}

function nameOf(text: string): string {
  return packageOf(text).name;
}
