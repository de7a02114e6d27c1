import type { DeploymentFact } from '../../core/facts.ts';
import type { Problem } from '../../core/problem.ts';
import type { StepContext } from '../step.ts';
import type { BootState } from './observe.ts';

/** What was known before a reboot, and what was to come of it: ids of deployments, empty where there is none. */
export interface BeforeBoot {
  readonly from: string;
  readonly expected: string;
  /** Units that had failed already; undefined when a resumed run does not know. */
  readonly failed: readonly string[] | undefined;
}

/** Compares what runs now with what was to run; a unit that newly failed is told as a note. */
export async function judgeBoot(
  before: BeforeBoot,
  after: BootState,
  context: StepContext,
): Promise<Problem | undefined> {
  const { emit, ref } = context;
  const newlyFailed = before.failed === undefined ? [] : after.failed.filter((unit) => !before.failed?.includes(unit));
  if (newlyFailed.length > 0) {
    const text = `units that failed at this boot: ${newlyFailed.join(', ')}`;
    await emit({ type: 'note', host: ref.host, ref, text });
  }
  if (before.expected === '' || after.ostree === undefined) return undefined;
  const { booted, deployments } = after.ostree;
  if (booted.id === before.expected) return undefined;
  const fellBack = booted.id === before.from;
  const still = deployments.find((one) => one.id === before.expected);
  const wanted = still === undefined ? showId(before.expected) : show(still);
  return {
    code: 'E_REBOOT',
    message: fellBack
      ? `the host fell back: it booted the old deployment ${show(booted)}, not ${wanted}`
      : `the host booted ${show(booted)}, not ${wanted} as expected; somebody else changed its deployments`,
    hint:
      fellBack && still === undefined
        ? 'the new deployment was not finalized at shutdown; see why: journalctl -b -1 -u ostree-finalize-staged.service'
        : 'see "rpm-ostree status" and the boot menu of the host; run the playbook again to stage the change anew',
  };
}

function show(deployment: DeploymentFact): string {
  return deployment.version === '' ? showId(deployment.id) : `${deployment.version} (${showId(deployment.id)})`;
}

/** `stateroot-checksum.serial` with the checksum shortened, as ostree's own tools show it. */
function showId(id: string): string {
  const [, checksum = id, serial = '0'] = /([0-9a-f]{64})\.(\d+)$/.exec(id) ?? [];
  return `${checksum.slice(0, 10)}.${serial}`;
}
