import { script, withOptions } from '../../core/command.ts';
import type { Explain, StepResult, TransactionStep } from '../../core/step.ts';
import { idleQuestion } from '../../facts/idle.ts';
import { OTHERS_AT_WORK } from '../other-updaters.ts';
import { explain } from './explain.ts';
import type { Params } from './schema.ts';
import type { Have } from './state.ts';
import { isAtLeast } from './steps.ts';

/** How this version calls a live apply, and its option to replace packages; undefined before 2017.6, which has none. */
export function spelling(version: string): { readonly words: readonly string[]; readonly replace: string } | undefined {
  if (isAtLeast(version, '2022.13')) return { words: ['apply-live'], replace: '--allow-replacement' };
  if (isAtLeast(version, '2021.1')) return { words: ['ex', 'apply-live'], replace: '--allow-replacement' };
  return isAtLeast(version, '2017.6') ? { words: ['ex', 'livefs'], replace: '--replace' } : undefined;
}

// The paths of unit files are the only lines that begin with a slash. Restarting belongs to the transaction, so that a lost
// connection cannot come between the two.
const APPLY = `restart=$1
shift
said=$(rpm-ostree "$@")
code=$?
printf '%s\\n' "$said"
if [ "$code" = 0 ] && [ "$restart" = yes ]; then
  printf '%s\\n' "$said" | sed -n 's,^/.*/\\([^/]*\\.service\\)$,\\1,p' | while read -r unit; do
    systemctl try-restart "$unit" || echo "restart-failed $unit"
  done
fi
exit "$code"`;

/** Puts the first deployment into the running system. */
export function liveStep(want: Params, { version }: Have): TransactionStep | undefined {
  const spelled = spelling(version);
  if (spelled === undefined) return undefined;
  const words = [...spelled.words, ...(want.allow_replacement ? [spelled.replace] : [])];
  const command = script(APPLY, want.restart_services ? 'yes' : 'no', ...words);
  return {
    do: 'transaction',
    say: want.restart_services
      ? 'apply it to the running system, and restart its services'
      : 'apply it to the running system',
    command: withOptions(command, { env: { RPMOSTREE_CLIENT_ID: 'copse' } }),
    waitIdle: {
      question: idleQuestion(),
      deadlineMs: want.busy_timeout,
      say: OTHERS_AT_WORK,
    },
    explain: explainLive,
    ...(want.activate === 'live_or_reboot' ? { optional: true as const } : {}),
  };
}

const explainLive: Explain = (failed) => {
  const [, what, count] = /packages would be (removed|changed): (\d+)/.exec(failed.stderr) ?? [];
  if (what !== undefined) {
    return {
      code: 'E_UNSUPPORTED',
      message: `it cannot be applied live: ${count} packages of the running system would be ${what}`,
      hint: 'write "allow_replacement: true" where that may be, or activate: live_or_reboot',
    };
  }
  const target = /Previously interrupted while targeting commit ([0-9a-f]+)/.exec(failed.stderr)?.[1];
  if (target === undefined) return explain(failed);
  return { code: 'E_UNSUPPORTED', message: interruptedText(target), hint: INTERRUPTED_HINT };
};

/** What is said of a live apply that was cut off. */
export function interruptedText(target: string): string {
  return `an earlier live apply (to ${target.slice(0, 10)}) was interrupted, and only it can be finished in the running system`;
}

/** What helps against it. */
export const INTERRUPTED_HINT = 'a reboot ends it: activate: reboot or live_or_reboot';

/** Units that rpm-ostree names as needing a restart, and those of them that failed to restart. */
export function servicesOf(done: readonly StepResult[]): {
  readonly named: readonly string[];
  readonly failed: readonly string[];
} {
  const lines = done.flatMap(({ step, code, stdout }) =>
    step.do === 'transaction' && code === 0 ? stdout.split('\n') : [],
  );
  return {
    named: lines.flatMap((line) => /^\/\S*\/([^/\s]+\.service)$/.exec(line.trim())?.[1] ?? []),
    failed: lines.flatMap((line) => /^restart-failed (\S+)$/.exec(line.trim())?.[1] ?? []),
  };
}
