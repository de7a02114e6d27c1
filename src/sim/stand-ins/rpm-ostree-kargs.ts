import type { Call } from '../calls.ts';
import { sleepOn, type Machine } from '../machine.ts';
import { mergeBase } from '../model/sysroot.ts';
import { readWords, type Words } from '../words.ts';
import { same, stageOrigin } from './rpm-ostree-packages.ts';
import { transact, writeFailure } from './transactions.ts';

const FLAGS = ['--unchanged-exit-77', '--lock-finalization', '--import-proc-cmdline', '--reboot', '-q --quiet'];
const VALUES = ['--append', '--replace', '--delete', '--append-if-missing', '--delete-if-present', '--deploy-index'];

/** `rpm-ostree kargs`: without options it prints those of the next boot. */
export function kargsCommand(machine: Machine, call: Call, args: readonly string[]): number | Promise<number> {
  const words = readWords(args, { flags: FLAGS, values: VALUES });
  const merge = mergeBase(machine.sysroot);
  if (words.unknown !== undefined) return fail(call, `Unknown option ${words.unknown}`);
  if (!VALUES.slice(0, 5).some((name) => words.has(name))) {
    call.out(`${merge.kargs.join(' ')}\n`);
    return 0;
  }
  if (words.has('--delete') && words.has('--replace')) return fail(call, 'Cannot specify both --delete and --replace');
  const work = async (say: (text: string) => void, signal: AbortSignal): Promise<number> => {
    const changed = changeKargs(merge.kargs, words);
    if ('error' in changed) {
      say(`error: ${changed.error}\n`);
      return 1;
    }
    if (same(changed.kargs, merge.kargs) && !words.has('--replace')) {
      say('No changes.\n');
      return words.has('--unchanged-exit-77') ? 77 : 0;
    }
    await sleepOn(machine, machine.timing.transaction / 3, signal);
    const full = writeFailure(machine);
    if (full !== undefined) {
      say(full);
      return 1;
    }
    say('Staging deployment... done\n');
    const locked = words.has('--lock-finalization');
    stageOrigin(machine, { origin: merge.origin, locked, madeBy: 'kargs', kargs: changed.kargs });
    say('Changes queued for next boot. Run "systemctl reboot" to start a reboot\n');
    return 0;
  };
  return transact(machine, call, { method: 'KernelArgs', work });
}

type Changed = { readonly kargs: readonly string[] } | { readonly error: string };

function changeKargs(before: readonly string[], words: Words): Changed {
  let kargs = [...before];
  for (const wanted of words.all('--delete')) {
    const found = matching(kargs, wanted);
    if (found.length === 0) return { error: `No key '${keyOf(wanted)}' found` };
    if (found.length > 1 && !wanted.includes('=')) return { error: `Multiple values for key '${wanted}' found` };
    kargs = without(kargs, found[0] ?? '');
  }
  for (const wanted of words.all('--replace')) {
    const [key = '', ...values] = wanted.split('=');
    const found = matching(kargs, values.length > 1 ? `${key}=${values[0] ?? ''}` : key);
    if (found.length === 0) return { error: `No key '${key}' found` };
    if (found.length > 1) return { error: `Multiple values for key '${key}' found` };
    kargs = kargs.map((karg) => (karg === found[0] ? `${key}=${values.at(-1) ?? ''}` : karg));
  }
  for (const wanted of words.all('--delete-if-present')) kargs = kargs.filter((karg) => karg !== wanted);
  for (const wanted of words.all('--append-if-missing')) if (!kargs.includes(wanted)) kargs.push(wanted);
  return { kargs: [...kargs, ...words.all('--append')] };
}

function matching(kargs: readonly string[], wanted: string): readonly string[] {
  return kargs.filter((karg) => karg === wanted || (!wanted.includes('=') && keyOf(karg) === wanted));
}

function keyOf(karg: string): string {
  return karg.split('=')[0] ?? '';
}

function without(kargs: readonly string[], gone: string): string[] {
  const at = kargs.indexOf(gone);
  return kargs.filter((_, index) => index !== at);
}

function fail(call: Call, message: string): number {
  call.err(`error: ${message}\n`);
  return 1;
}
