import type { Call } from '../calls.ts';
import { sleepOn, type Machine } from '../machine.ts';
import { resolve, type Origin } from '../model/deployment.ts';
import { packageOf, rpmNamed } from '../model/packages.ts';
import { mergeBase } from '../model/sysroot.ts';
import { readWords, type Words } from '../words.ts';
import { resolveHere, showDifference, stageOrigin } from './rpm-ostree-packages.ts';
import { transact, writeFailure } from './transactions.ts';

const FLAGS = ['-a --all', '-q --quiet', '-r --reboot'];

/** `rpm-ostree override remove|replace|reset`. */
export function overrideCommand(machine: Machine, call: Call, args: readonly string[]): number | Promise<number> {
  const [verb = '', ...rest] = args;
  const words = readWords(rest, { flags: FLAGS, values: ['--install', '--uninstall', '--replace', '--remove'] });
  if (words.unknown !== undefined) return fail(call, `Unknown option ${words.unknown}`);
  if (!['remove', 'replace', 'reset'].includes(verb)) return fail(call, `Unknown "override" subcommand "${verb}"`);
  if (words.rest.length === 0 && !words.has('-a')) return fail(call, 'At least one PACKAGE must be specified');
  return change(machine, call, (origin) => (verb === 'reset' ? reset(origin, words) : override(origin, verb, words)));
}

/** `rpm-ostree initramfs --enable|--disable`. */
export function initramfsCommand(machine: Machine, call: Call, args: readonly string[]): number | Promise<number> {
  const words = readWords(args, { flags: ['--enable', '--disable', '-r --reboot'], values: ['--arg'] });
  if (words.unknown !== undefined) return fail(call, `Unknown option ${words.unknown}`);
  return change(machine, call, (origin) => {
    const isOn = origin.initramfs !== undefined;
    const hasArgs = words.all('--arg').length + (origin.initramfs ?? []).length > 0;
    if (isOn === words.has('--enable') && !hasArgs) {
      return `initramfs regeneration state is already ${isOn ? 'enabled' : 'disabled'}`;
    }
    const { initramfs: _before, ...plain } = origin;
    return words.has('--enable') ? { ...plain, initramfs: words.all('--arg') } : plain;
  });
}

/** Runs a transaction that makes another origin; text is why it cannot. */
function change(machine: Machine, call: Call, next: (origin: Origin) => Origin | string): number | Promise<number> {
  const work = async (say: (text: string) => void, signal: AbortSignal): Promise<number> => {
    const merge = mergeBase(machine.sysroot);
    const origin = next(merge.origin);
    if (typeof origin === 'string') return told(say, origin);
    const tree = resolveHere(machine, origin);
    if (tree.missing.length > 0) return told(say, `Packages not found: ${tree.missing.join(', ')}`);
    await sleepOn(machine, machine.timing.transaction, signal);
    const full = writeFailure(machine);
    if (full !== undefined) return told(say, full.slice('error: '.length).trim());
    if (JSON.stringify(origin) === JSON.stringify(merge.origin)) {
      say('No change.\n');
      return 0;
    }
    stageOrigin(machine, { origin, locked: false, madeBy: call.args.join(' ') });
    say(`Staging deployment... done\n${showDifference(resolve(merge.origin), tree)}`);
    say('Run "systemctl reboot" to start a reboot\n');
    return 0;
  };
  return transact(machine, call, { method: 'UpdateDeployment', work });
}

function override(origin: Origin, verb: string, words: Words): Origin | string {
  const removing = verb === 'remove' ? words.rest : words.all('--remove');
  const files = (verb === 'remove' ? words.all('--replace') : words.rest).flatMap((word) => rpmNamed(word) ?? []);
  const base = resolve({ ...origin, removals: [], replacements: [] }).base.packages.map(({ name }) => name);
  const unknown = removing.find((name) => !base.includes(name));
  if (unknown !== undefined) return `Package "${unknown}" not found`;
  const names = files.map((file) => packageOf(file).name);
  const kept = (origin.replacements ?? []).filter((one) => !names.includes(packageOf(one).name));
  const gone = words.all('--uninstall');
  return {
    ...origin,
    removals: [...new Set([...origin.removals, ...removing])],
    replacements: [...kept, ...files],
    requested: [...new Set([...origin.requested.filter((one) => !gone.includes(one)), ...words.all('--install')])],
  };
}

function reset(origin: Origin, words: Words): Origin | string {
  const { replacements = [], ...rest } = origin;
  if (words.has('-a')) return { ...rest, removals: [] };
  const known = [...origin.removals, ...replacements.map((one) => packageOf(one).name)];
  const unknown = words.rest.find((name) => !known.includes(name));
  if (unknown !== undefined) return `No overrides for package '${unknown}'`;
  return {
    ...rest,
    removals: origin.removals.filter((name) => !words.rest.includes(name)),
    replacements: replacements.filter((one) => !words.rest.includes(packageOf(one).name)),
  };
}

function told(say: (text: string) => void, message: string): number {
  say(`error: ${message}\n`);
  return 1;
}

function fail(call: Call, message: string): number {
  call.err(`error: ${message}\n`);
  return 1;
}
