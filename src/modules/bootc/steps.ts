import { cmd, script, type Command } from '../../core/command.ts';
import type { RebootStep, TransactionStep } from '../../core/step.ts';
import { idleQuestion } from '../../facts/idle.ts';
import { activationOf } from '../activation-params.ts';
import { OTHERS_AT_WORK } from '../other-updaters.ts';
import { firstOf, type Deployed } from './deployed.ts';
import { explain } from './explain.ts';
import type { Params } from './schema.ts';
import type { Have } from './state.ts';
import { follows, holds } from './wish.ts';

/** Ostree writes a staged deployment while the host goes down, which takes up to five minutes. */
const DOWN_MS = 8 * 60_000;

// What was staged earlier, or by somebody else, is not mounted for it yet. Without that mount the same system would start again.
const SOFT = `[ -e /run/nextroot/usr ] || bootc upgrade --from-downloaded --soft-reboot=required || exit
exec systemctl soft-reboot`;

/** The call that brings the deployment that boots next to the wish; undefined where it is there and may boot. */
export function changeStep(want: Params, have: Have, wasTried: boolean): TransactionStep | undefined {
  const first = firstOf(have.host);
  if (holds(want, first, have, wasTried)) return isKept(want, first) ? letBoot(want, have) : undefined;
  const { staged, booted, rollbackQueued } = have.host;
  if (staged === undefined && rollbackQueued && holds(want, booted, have, wasTried)) {
    return transaction(want, 'let the running deployment boot next', cmd('bootc', 'rollback'));
  }
  const verb = want.image !== undefined && !follows(want, have) ? 'switch' : 'upgrade';
  const flags = [
    ...(want.activate === 'download' ? ['--download-only'] : []),
    ...(want.soft_reboot !== 'never' && have.options.has(`${verb} --soft-reboot`) ? ['--soft-reboot=auto'] : []),
  ];
  if (verb === 'upgrade' || want.image === undefined) {
    return transaction(want, 'fetch and stage the newest build', cmd('bootc', 'upgrade', ...flags));
  }
  const words = [...flags, ...switchFlags(want, first), want.image];
  return transaction(want, `switch to ${want.image}`, cmd('bootc', 'switch', ...words));
}

/** Whatever is not said stays as it is: a switch must not end a demand for signatures unasked. */
function switchFlags(want: Params, first: Deployed | undefined): readonly string[] {
  const isSigned = first?.isSigned === true;
  return [
    ...(want.transport === 'registry' ? [] : ['--transport', want.transport]),
    ...(want.retain ? ['--retain'] : []),
    ...((want.enforce_container_sigpolicy ?? isSigned) ? ['--enforce-container-sigpolicy'] : []),
  ];
}

/** Staged, but no boot applies it, although one should. */
function isKept(want: Params, first: Deployed | undefined): boolean {
  return first?.isKept === true && want.activate !== 'download';
}

/** Before there was an option for it, an upgrade let what was downloaded boot. */
function letBoot(want: Params, have: Have): TransactionStep {
  const flags = have.options.has('upgrade --from-downloaded') ? ['--from-downloaded'] : [];
  return transaction(want, 'let what was downloaded boot next', cmd('bootc', 'upgrade', ...flags));
}

/** One call of bootc, once nobody else is at work. */
export function transaction(want: Params, say: string, command: Command): TransactionStep {
  const waitIdle = { question: idleQuestion(), deadlineMs: want.busy_timeout, say: OTHERS_AT_WORK };
  return { do: 'transaction', say, command, waitIdle, explain };
}

/** Boots what is staged and proves it; which deployment that is, is known once it is there. */
export function rebootStep(want: Params, target: Deployed | undefined): RebootStep {
  const soft = want.soft_reboot !== 'never' && target?.canSoftReboot === true;
  return {
    do: 'reboot',
    say: soft ? 'restart userspace in the new image and prove it' : 'reboot into the new image and prove it',
    timeoutMs: want.reboot_timeout,
    downTimeoutMs: DOWN_MS,
    activates: target === undefined ? {} : { id: target.id },
    ...(soft ? { command: script(SOFT) } : {}),
    ...activationOf(want),
  };
}
