import { cmd } from '../../core/command.ts';
import type { Change } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import { giveBack, held, kuredNotes, updateUnderWay } from '../other-updaters.ts';
import { firstOf, type Deployed, type Host } from './deployed.ts';
import type { Params } from './schema.ts';
import type { Have } from './state.ts';
import { rebootStep, transaction } from './steps.ts';

/** The way back to a deployment that is on the host. bootc knows one way only: it swaps the running one and the one beside it. */
export function rollbackPlan(want: Params, to: string, { host, updaters }: Have): Change {
  const { booted, staged, rollback, others } = host;
  const target = [booted, rollback].find((one) => one !== undefined && isCalled(one, to));
  if (target === undefined) return others.some((one) => isCalled(one, to)) ? refuseOther(to) : refuseUnknown(to, host);
  const first = firstOf(host);
  const runs = target === booted || want.activate === 'stage';
  if (first === target && runs) return { steps: giveBack(updaters) };
  if (staged !== undefined && target === booted) return refuseStaged();
  const obstacle = updateUnderWay(updaters);
  if (obstacle !== undefined) return obstacle;
  const boot = runs ? [] : [rebootStep(want, target)];
  return {
    steps: held(want, updaters, [...orderSteps(want, target, host), ...boot]),
    diff: [{ label: 'deployment that boots next', before: `${first?.id ?? ''}\n`, after: `${target.id}\n` }],
    notes: [...(staged === undefined ? [] : ['what is staged is dropped']), ...kuredNotes(updaters, want.activate)],
  };
}

/** With something staged the first call drops that, and takes back what was queued before. */
function orderSteps(want: Params, target: Deployed, host: Host): readonly Step[] {
  if (firstOf(host) === target) return [];
  const call = transaction(want, `let ${target.version || target.id} boot next`, cmd('bootc', 'rollback'));
  return host.staged !== undefined && host.rollbackQueued ? [call, call] : [call];
}

/** Whether a person may mean this deployment. */
function isCalled({ id, checksum, digest, version, image }: Deployed, to: string): boolean {
  return [id, checksum, digest, version, image].includes(to);
}

function refuseUnknown(to: string, { booted, rollback }: Host): Change {
  const there = [booted, rollback].flatMap((one) => (one === undefined ? [] : [one.version || one.id]));
  return {
    refuse: `there is no deployment "${to}" on this host: found ${there.join(', ')}`,
    hint: '"image" with a digest or a tag fetches a build that is not there any more',
  };
}

function refuseOther(to: string): Change {
  return {
    refuse: `"${to}" is on the host, but bootc can only go back to the deployment right beside the running one`,
    hint: '"image" with its digest stages it anew; with rpm-ostree on the host "rpm_ostree: {rollback_to: …}" boots it',
  };
}

function refuseStaged(): Change {
  return {
    refuse: 'that deployment runs, but another one is staged, and bootc cannot drop it without going back further',
    hint: 'drop it with "rpm_ostree_maintenance: {cleanup: pending}", or name the wished build with "image"',
  };
}
