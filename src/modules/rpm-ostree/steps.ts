import { withOptions, type Command } from '../../core/command.ts';
import type { RebootStep, Step, TransactionStep } from '../../core/step.ts';
import { showDuration } from '../../core/units.ts';
import { idleQuestion } from '../../facts/script.ts';
import { explain } from './explain.ts';
import type { Delta } from './requests.ts';
import { activationOf } from '../activation-params.ts';
import type { Params } from './schema.ts';
import type { Have } from './state.ts';

/** rpm-ostree's exit code for "nothing changed", where it was asked to tell. */
const UNCHANGED = 77;

/** What ostree needs at most to write a staged deployment while the host goes down is five minutes; the rest is for services. */
const DOWN_MS = 8 * 60_000;

/** The transactions that change the requests: one, except on hosts before 2018.7, which cannot do both at once. */
export function requestSteps(want: Params, delta: Delta, { version, around }: Have): readonly Step[] {
  const { add, drop } = delta;
  const lock = want.activate === 'reboot' && around.canLock;
  const transaction = (words: readonly string[], say: string): Step => transactionStep(want, words, say, version, lock);
  const canBoth = isAtLeast(version, '2018.7');
  if (add.length === 0) return [transaction(['uninstall', ...drop], `drop ${drop.join(', ')}`)];
  const say = `layer ${add.join(', ')}`;
  if (drop.length === 0) return [transaction(['install', ...add], say)];
  if (canBoth) {
    const both = ['install', ...add, ...drop.flatMap((request) => ['--uninstall', request])];
    return [transaction(both, `${say}; drop ${drop.join(', ')}`)];
  }
  return [transaction(['uninstall', ...drop], `drop ${drop.join(', ')}`), transaction(['install', ...add], say)];
}

function transactionStep(
  want: Params,
  words: readonly string[],
  say: string,
  version: string,
  lock: boolean,
): TransactionStep {
  const [verb = '', ...rest] = words;
  const locked = lock ? ['--lock-finalization'] : [];
  const command: Command = { argv: ['rpm-ostree', verb, ...flags(verb, version), ...locked, ...rest] };
  return {
    do: 'transaction',
    say,
    command: withOptions(command, { env: { RPMOSTREE_CLIENT_ID: 'copse' } }),
    ...(isAtLeast(version, '2018.7') ? { unchangedCodes: [UNCHANGED] } : {}),
    waitIdle: {
      question: idleQuestion(),
      deadlineMs: want.busy_timeout,
      say: 'another transaction of rpm-ostree is running',
    },
    explain,
  };
}

/** The flags of the features a version has: 77 and --idempotent since 2018.7, --allow-inactive since 2018.8, -y since 2022.13. */
function flags(verb: string, version: string): readonly string[] {
  return [
    ...(isAtLeast(version, '2022.13') ? ['-y'] : []),
    ...(isAtLeast(version, '2018.7') ? ['--idempotent', '--unchanged-exit-77'] : []),
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
    explain: () => ({
      message: `another transaction of rpm-ostree still runs after ${showDuration(want.busy_timeout)}; the host was not rebooted`,
      hint: '"rpm-ostree status" on the host tells whose it is',
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
