import type { Call } from '../calls.ts';
import { DRIVER_UNIT, sleepOn, type Machine } from '../machine.ts';
import { baseChecksum, buildOf, resolve, type Origin } from '../model/deployment.ts';
import { BUILDS, rpmNamed, type Build } from '../model/packages.ts';
import { mergeBase } from '../model/sysroot.ts';
import { readWords, type Words } from '../words.ts';
import { checkCommand } from './rpm-ostree-check.ts';
import { resolveHere, showDifference, stageOrigin } from './rpm-ostree-packages.ts';
import { transact, writeFailure } from './transactions.ts';

const FLAGS = [
  '--check',
  '--preview',
  '--unchanged-exit-77',
  '--allow-downgrade',
  '--disallow-downgrade',
  '--skip-branch-check',
  '--skip-purge',
  '-C --cache-only',
  '--download-only',
  '--lock-finalization',
  '--bypass-driver',
  '-q --quiet',
  '-r --reboot',
];
const VALUES = ['--install', '--uninstall', '--stateroot --os', '-b --branch', '-m --remote'];

/** `rpm-ostree upgrade`. */
export function upgradeCommand(machine: Machine, call: Call, args: readonly string[]): number | Promise<number> {
  const words = readWords(args, { flags: FLAGS, values: VALUES });
  const newest = BUILDS.at(-1);
  if (words.unknown !== undefined || newest === undefined) return fail(call, `Unknown option ${words.unknown ?? ''}`);
  if (isDriven(machine, words)) return fail(call, DRIVEN);
  if (words.has('--check') || words.has('--preview')) return checkCommand(machine, call);
  return move(machine, call, words, { method: 'Upgrade', version: newest.version, pinnedBuild: false });
}

/** `rpm-ostree deploy VERSION|CHECKSUM`. */
export function deployCommand(machine: Machine, call: Call, args: readonly string[]): number | Promise<number> {
  const words = readWords(args, { flags: FLAGS, values: [...VALUES, '--register-driver'] });
  const [revision = ''] = words.rest;
  if (words.unknown !== undefined) return fail(call, `Unknown option ${words.unknown}`);
  const { origin } = mergeBase(machine.sysroot);
  const build = findBuild(origin, revision.replace(/^(?:version|revision)=/, ''));
  if (build === undefined) return fail(call, `Version ${revision} not found in ${origin.refspec}`);
  return move(machine, call, words, { method: 'Deploy', version: build.version, pinnedBuild: true });
}

/** `rpm-ostree rebase REFSPEC`. */
export function rebaseCommand(machine: Machine, call: Call, args: readonly string[]): number | Promise<number> {
  const words = readWords(args, { flags: FLAGS, values: VALUES });
  const [target = '', revision] = words.rest;
  const { origin } = mergeBase(machine.sysroot);
  const refspec = target.includes(':') ? target : `${origin.refspec.split(':')[0] ?? ''}:${target}`;
  if (words.unknown !== undefined) return fail(call, `Unknown option ${words.unknown}`);
  if (target === '') return fail(call, 'REFSPEC must be specified');
  if (refspec === origin.refspec) return fail(call, `Old and new refs are equal: ${refspec}`);
  return move(machine, call, words, {
    method: 'Rebase',
    version: findBuild({ ...origin, refspec }, revision ?? '')?.version ?? BUILDS.at(-1)?.version ?? '',
    pinnedBuild: revision !== undefined,
    refspec,
  });
}

interface Move {
  readonly method: string;
  readonly version: string;
  readonly pinnedBuild: boolean;
  readonly refspec?: string;
}

const DRIVEN =
  'Updates and deployments are driven by Zincati (zincati.service)\n' +
  "See Zincati's documentation at https://coreos.github.io/zincati/\n" +
  'Use --bypass-driver to bypass Zincati and perform the operation anyways';

/** Only while the driver's unit runs. */
function isDriven(machine: Machine, words: Words): boolean {
  const registered = machine.options.driver !== undefined && machine.units.get(DRIVER_UNIT).active === 'active';
  return registered && !words.has('--bypass-driver');
}

function move(machine: Machine, call: Call, words: Words, wish: Move): number | Promise<number> {
  if (isDriven(machine, words)) return fail(call, DRIVEN);
  const work = async (say: (text: string) => void, signal: AbortSignal): Promise<number> => {
    const merge = mergeBase(machine.sysroot);
    const { requested, requestedLocal } = merge.origin;
    const gone = words.all('--uninstall');
    const kept = requested.filter((request) => !gone.includes(request));
    const files = words.all('--install').flatMap((word) => rpmNamed(word) ?? []);
    const wished = words.all('--install').filter((word) => rpmNamed(word) === undefined);
    const origin: Origin = {
      ...merge.origin,
      refspec: wish.refspec ?? merge.origin.refspec,
      follows: undefined,
      version: wish.version,
      pinnedBuild: wish.pinnedBuild,
      requested: [...kept, ...wished.filter((request) => !kept.includes(request))],
      requestedLocal: [...requestedLocal.filter((one) => !gone.includes(one)), ...files],
    };
    say(`Receiving objects... done\n`);
    await sleepOn(machine, machine.timing.transaction / 2, signal);
    const older = buildOf(wish.version).timestamp < buildOf(merge.origin.version).timestamp;
    if (older && words.has('--disallow-downgrade')) {
      return refuse(say, `Upgrade target revision '${baseChecksum(origin)}' is chronologically older than current`);
    }
    const tree = resolveHere(machine, origin);
    if (tree.missing.length > 0) return refuse(say, `Packages not found: ${tree.missing.join(', ')}`);
    if (tree.checksum === merge.checksum && origin.refspec === merge.origin.refspec) {
      say(wish.method === 'Upgrade' ? 'No upgrade available.\n' : 'No change.\n');
      return words.has('--unchanged-exit-77') ? 77 : 0;
    }
    const full = writeFailure(machine);
    if (full !== undefined) {
      say(full);
      return 1;
    }
    await sleepOn(machine, machine.timing.transaction / 2, signal);
    say('Staging deployment... done\n');
    stageOrigin(machine, { origin, locked: words.has('--lock-finalization'), madeBy: wish.method.toLowerCase() });
    say(showDifference(resolve(merge.origin), tree));
    say('Run "systemctl reboot" to start a reboot\n');
    return 0;
  };
  return transact(machine, call, { method: wish.method, work });
}

function findBuild(origin: Origin, revision: string): Build | undefined {
  return BUILDS.find(({ version }) => version === revision || baseChecksum({ ...origin, version }) === revision);
}

function refuse(say: (text: string) => void, message: string): number {
  say(`error: ${message}\n`);
  return 1;
}

function fail(call: Call, message: string): number {
  call.err(`error: ${message}\n`);
  return 1;
}
