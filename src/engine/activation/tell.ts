import type { DeploymentFact } from '../../core/facts.ts';
import type { Problem } from '../../core/problem.ts';
import { showDuration } from '../../core/units.ts';
import type { FallbackCause, Journey, Outcome } from './outcome.ts';

/** Deployments by id as they were last seen, for versions in messages. */
export type Known = readonly DeploymentFact[];

/** The problem of an outcome, with the next thing to do; undefined for a proven boot. */
export function problemOf(outcome: Outcome, journey: Journey, known: Known): Problem | undefined {
  const expected = show(journey.expected, known);
  switch (outcome.result) {
    case 'updated':
      return undefined;
    case 'fell_back':
      return fellBack(outcome.cause, outcome.reason, show(journey.from, known), expected);
    case 'foreign':
      return reboot(
        `the host booted ${show(outcome.runs, known)}, not ${expected} as expected; somebody else changed its deployments`,
        'see "rpm-ostree status", "bootc status" or "ostree admin status" on the host, find out who did it, then run the playbook again',
      );
    case 'did_not_reboot':
      return didNotReboot(outcome);
    case 'never_returned':
      return reboot(
        `the host ${outcome.wasDown ? 'went down and' : ''} did not come back within ${showDuration(outcome.waitedMs)}; last try: ${outcome.last}`,
        'look at its console; when it answers again, run the playbook again: what is already done is not repeated',
      );
    case 'not_ours':
      return reboot(
        `the host is back, but: ${outcome.last}`,
        'compare its console with what you expect; it was not touched again',
      );
    case 'unhealthy':
      return reboot(
        `the host runs ${expected}, but is not healthy after ${showDuration(outcome.waitedMs)}: ${outcome.reasons.join('; ')}`,
        'look at it: systemctl --failed, journalctl -b -p 3; "rollback: on_failure" would have booted the deployment of before',
      );
    case 'unknown':
      return reboot(
        `the host runs ${expected}, but whether it is healthy could not be measured for ${showDuration(outcome.waitedMs)}: ${outcome.reasons.join('; ')}`,
        'this is no evidence against the deployment, so nothing was rolled back; look at the host and at the checks',
      );
    default:
      return notSent(outcome, journey, known);
  }
}

type Rest = Exclude<
  Outcome,
  {
    readonly result:
      'updated' | 'fell_back' | 'foreign' | 'did_not_reboot' | 'never_returned' | 'not_ours' | 'unhealthy' | 'unknown';
  }
>;

function notSent(outcome: Rest, journey: Journey, known: Known): Problem {
  const expected = show(journey.expected, known);
  switch (outcome.result) {
    case 'blocked':
      return {
        code: 'E_BUSY',
        message:
          'the reboot is blocked: something on the host holds an inhibitor lock against shutting down; nothing was sent',
        hint: '"systemd-inhibit --list" on the host shows who; run the playbook again when it is done',
      };
    case 'foreign_stage':
      return {
        code: 'E_BUSY',
        message: `the host was not rebooted: ${show(outcome.found, known)} would boot, not ${expected}; somebody else changed the deployments meanwhile`,
        hint: 'see "rpm-ostree status", "bootc status" or "ostree admin status" on the host and who drives its updates; then run the playbook again',
      };
    case 'denied':
      return {
        code: 'E_DENIED',
        message: `the host was not rebooted: what would boot failed here before: ${outcome.reason}`,
        hint: 'find out why first; "retry_denied: true" boots it all the same, and "rpm_ostree_maintenance: {cleanup: pending}" drops it',
      };
    case 'not_sent':
      return reboot(
        'the host was not rebooted: the connection was lost before it could be told, and it runs on',
        'run the playbook again: what is staged is only booted',
      );
    case 'refused':
      return reboot(
        `the host refused to reboot (exit ${outcome.code}): ${outcome.said}`,
        'nothing was rebooted; "systemd-inhibit --list" on the host shows who holds it',
      );
    case 'rolled_back':
      return reboot(
        `${messageOf(outcome.after, journey, known)}; the host was brought back to ${show(journey.from, known)}, which is proven to run`,
        'the deployment is denied on this host from now on; "retry_denied: true" tries it again',
      );
    case 'rollback_failed': {
      const back: Journey = { ...journey, expected: journey.from, from: journey.expected };
      return reboot(
        `${messageOf(outcome.after, journey, known)}; and going back failed: ${messageOf(outcome.rollback, back, known)}`,
        'copse sends no third reboot; look at the console of the host',
      );
    }
  }
}

function messageOf(outcome: Outcome, journey: Journey, known: Known): string {
  return problemOf(outcome, journey, known)?.message ?? '';
}

function reboot(message: string, hint: string): Problem {
  return { code: 'E_REBOOT', message, hint };
}

const FALLBACK: Readonly<Record<FallbackCause, { readonly say: string; readonly hint: string }>> = {
  finalize: {
    say: 'the new one was not finalized at shutdown',
    hint: 'see why: journalctl -b -1 -u ostree-finalize-staged.service; then "df -h /boot" and "ostree admin config-diff"; when it is mended, run the playbook again',
  },
  greenboot: {
    say: 'it was not healthy, and greenboot went back to the one before',
    hint: 'see why: journalctl -u greenboot-healthcheck.service; the deployment is denied on this host from now on',
  },
  power: {
    say: 'the host went down before the new one was written: power was lost, or the reboot was forced',
    hint: 'run the playbook again to stage the change anew',
  },
  'boot-loader': {
    say: 'the new one is there, but the boot loader started the old one',
    hint: 'somebody chose it in the boot menu, or the new one does not start: see the console, and "rpm-ostree status", "bootc status" or "ostree admin status"; it is denied on this host from now on',
  },
};

function fellBack(cause: FallbackCause, reason: string, old: string, expected: string): Problem {
  const { say, hint } = FALLBACK[cause];
  const why = reason === '' ? say : `${say} (${reason})`;
  return reboot(`the host fell back: it booted the old deployment ${old}, not ${expected}: ${why}`, hint);
}

function didNotReboot({ waitedMs, isSet, jobs }: Extract<Outcome, { result: 'did_not_reboot' }>): Problem {
  const waits = jobs === '' ? '' : `; these jobs wait: ${jobs}`;
  const set = isSet ? '; the new deployment is set to boot, so any later reboot will apply it' : '';
  return reboot(
    `the host did not reboot: the boot id is the same ${showDuration(waitedMs)} after the reboot was sent${waits}${set}`,
    'a unit may block the shutdown: "systemctl list-jobs" on the host shows it; copse sends no second reboot by itself',
  );
}

function show(id: string, known: Known): string {
  const version = known.find((one) => one.id === id)?.version ?? '';
  return version === '' ? showId(id) : `${version} (${showId(id)})`;
}

/** `stateroot-checksum.serial` with the checksum shortened, as ostree's own tools show it. */
function showId(id: string): string {
  const [, checksum = id, serial = '0'] = /([0-9a-f]{64})\.(\d+)$/.exec(id) ?? [];
  return `${checksum.slice(0, 10)}.${serial}`;
}
