import { withOptions, type Command } from '../../core/command.ts';
import type { RebootStep, Step, TransactionStep } from '../../core/step.ts';
import { showDuration } from '../../core/units.ts';
import { idleQuestion, STALE_HINT, whoseWork } from '../../facts/idle.ts';
import { explain } from './explain.ts';
import type { Delta } from './requests.ts';
import { activationOf } from '../activation-params.ts';
import { OTHERS_AT_WORK } from '../other-updaters.ts';
import type { Params } from './schema.ts';
import type { Have } from './state.ts';

/** rpm-ostree's exit code for "nothing changed", where it was asked to tell. */
const UNCHANGED = 77;

/** How long a host may take to go down, in milliseconds. What ostree needs at most to write a staged deployment while the host goes down is five minutes; the rest is for services. */
export const DOWN_MS = 8 * 60_000;

/** One call of rpm-ostree, and what a person reads of it. */
export interface Call {
  readonly words: readonly string[];
  readonly say: string;
}

/** The calls that change the requests: one, except on hosts before 2018.7, which cannot do both at once. */
export function requestWords({ add, drop, tree }: Delta, version: string): readonly Call[] {
  const added = [...add, ...tree.rpms.map(({ source }) => source)];
  const layer = `layer ${[...add, ...tree.rpms.map(({ nevra }) => nevra)].join(', ')}`;
  const dropping: Call = { words: ['uninstall', ...drop], say: `drop ${drop.join(', ')}` };
  if (added.length === 0) return drop.length === 0 ? [] : [dropping];
  const layering: Call = { words: ['install', ...added], say: layer };
  if (drop.length === 0) return [layering];
  if (!isAtLeast(version, '2018.7')) return [dropping, layering];
  const both = ['install', ...added, ...drop.flatMap((request) => ['--uninstall', request])];
  return [{ words: both, say: `${layer}; ${dropping.say}` }];
}

/** Verbs that can leave what they stage locked. */
const LOCKING = new Set(['install', 'uninstall', 'upgrade', 'deploy', 'rebase', 'kargs']);

/** A call of rpm-ostree as a transaction of this host's version. */
export function transactionStep(
  want: Pick<Params, 'activate' | 'busy_timeout'>,
  { words, say }: Call,
  { version, around }: Pick<Have, 'version' | 'around'>,
): TransactionStep {
  const [verb = '', ...rest] = words;
  const locked = want.activate === 'reboot' && around.canLock && LOCKING.has(verb) ? ['--lock-finalization'] : [];
  const known = flags(verb, version);
  const command: Command = { argv: ['rpm-ostree', verb, ...known, ...locked, ...rest] };
  return {
    do: 'transaction',
    say,
    command: withOptions(command, { env: { RPMOSTREE_CLIENT_ID: 'copse' } }),
    // A deploy ended so unasked before 2019.6.
    ...(known.includes('--unchanged-exit-77') || verb === 'deploy' ? { unchangedCodes: [UNCHANGED] } : {}),
    waitIdle: {
      question: idleQuestion(),
      deadlineMs: want.busy_timeout,
      say: OTHERS_AT_WORK,
    },
    explain,
  };
}

/** First versions that can tell by 77 that nothing changed; the other verbs cannot. */
const TELLS_UNCHANGED: Readonly<Record<string, string>> = {
  install: '2018.7',
  uninstall: '2018.7',
  upgrade: '2018.7',
  deploy: '2019.6',
  kargs: '2021.5',
};

/** The flags of the features a version has: 77 and --idempotent since 2018.7, --allow-inactive since 2018.8, -y since 2022.13. */
export function flags(verb: string, version: string): readonly string[] {
  const isPackages = verb === 'install' || verb === 'uninstall';
  const telling = TELLS_UNCHANGED[verb];
  return [
    ...(isPackages && isAtLeast(version, '2022.13') ? ['-y'] : []),
    ...(isPackages && isAtLeast(version, '2018.7') ? ['--idempotent'] : []),
    ...(telling !== undefined && isAtLeast(version, telling) ? ['--unchanged-exit-77'] : []),
    ...(verb === 'install' && isAtLeast(version, '2018.8') ? ['--allow-inactive'] : []),
  ];
}

/** Compares `year.number`; a version that is not known counts as a new one. */
export function isAtLeast(version: string, wanted: string): boolean {
  const [year = Number.NaN, number = 0] = version.split('.').map(Number);
  const [wantedYear = 0, wantedNumber = 0] = wanted.split('.').map(Number);
  if (version === '' || Number.isNaN(year)) return true;
  return year === wantedYear ? number >= wantedNumber : year > wantedYear;
}

/** Waits for whoever is at work, so that the reboot throws nothing away. */
export function waitIdleStep(want: Params): Step {
  return {
    do: 'wait',
    say: 'wait for the transaction of rpm-ostree that is running',
    until: idleQuestion(),
    everyMs: 2000,
    deadlineMs: want.busy_timeout,
    explain: ({ stdout }) => ({
      message: `another transaction of rpm-ostree${whoseWork(stdout)} still runs after ${showDuration(want.busy_timeout)}; the host was not rebooted`,
      hint: STALE_HINT,
      code: 'E_BUSY',
    }),
  };
}

/** Boots the new deployment and proves it; which one it is, is known once it is staged. */
export function rebootStep(want: Params, activates: NonNullable<RebootStep['activates']>): RebootStep {
  const unless = want.activate === 'live_or_reboot' ? ', unless it was applied live,' : '';
  return {
    do: 'reboot',
    say: `reboot into the new deployment${unless} and prove it`,
    timeoutMs: want.reboot_timeout,
    downTimeoutMs: DOWN_MS,
    activates,
    ...activationOf(want),
  };
}
