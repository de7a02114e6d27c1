import type { DeploymentFact } from '../../core/facts.ts';
import type { Change, Diff, ModuleContext } from '../../core/module.ts';
import type { Step, UnlockBy } from '../../core/step.ts';
import { bootsNext } from '../../facts/boot-order.ts';
import { deltaOf, inactive, isSatisfied, type Delta } from './requests.ts';
import { giveBack, held, kuredNotes, updateUnderWay } from '../other-updaters.ts';
import { INTERRUPTED_HINT, interruptedText, liveStep } from './live.ts';
import { isLive, mayReboot, type Params } from './schema.ts';
import type { Have } from './state.ts';
import { rollbackPlan } from './rollback.ts';
import { rebootStep, waitIdleStep } from './steps.ts';
import { treeDiff } from './tree-diff.ts';
import { changeSteps } from './tree-steps.ts';

/**
 * The way to the wished packages. rpm-ostree builds every change on the deployment that is first in boot order, not on the
 * booted one, so both are looked at: the first must hold the wish, and unless it is only staged the running system too.
 */
export function plan(want: Params, have: Have, { owed }: ModuleContext, before?: Have): Change {
  if (have.ostree.booted.id === '') {
    return { refuse: 'no deployment of rpm-ostree is booted on this host', hint: 'a live system cannot be layered' };
  }
  if (want.rollback_to !== undefined) return rollbackPlan(want, want.rollback_to, have);
  const [wrong] = have.rpms.wrong;
  if (wrong !== undefined) return { refuse: wrong, hint: 'look at the name of the file, or copy it anew' };
  return planChange(want, have, before !== undefined, owed === true);
}

/** `isOwn`: what is staged was staged by the task before, which left its reboot to this one. */
function planChange(want: Params, have: Have, wasTried: boolean, isOwn: boolean): Change {
  const { booted } = have.ostree;
  const first = firstOf(have);
  const delta = deltaOf(want, have, first, wasTried);
  if (delta.stuck.length > 0) return refuseStuck(delta.stuck, first);
  const isLayered = isSatisfied(delta);
  const isActive = isSatisfied(deltaOf(want, have, booted, wasTried)) || (isLive(want) && runsLive(have, first));
  const notes = notesOf(want, have, first);
  if (isLayered && (isActive || want.activate === 'stage')) return { steps: giveBack(have.around), notes };
  const obstacle = updateUnderWay(have.around) ?? obstacleTo(want, have, delta, isLayered, isOwn);
  const activation = isActive ? [] : activationSteps(want, have, isLayered, wasTried);
  if (obstacle !== undefined) return obstacle;
  if ('refuse' in activation) return activation;
  const boots = want.activate === 'reboot' && activation.length > 0;
  const steps = held(want, have.around, [...staging(want, have, delta, isLayered), ...activation]);
  const others = [...kuredNotes(have.around, boots ? 'reboot' : 'stage'), ...bootcNotes(have, delta)];
  return { steps, diff: diffOf(delta, have, first, boots), notes: [...notes, ...others] };
}

function obstacleTo(want: Params, have: Have, delta: Delta, isLayered: boolean, isOwn: boolean): Change | undefined {
  const first = firstOf(have);
  if (isLayered) return cannotBoot(want, have, first);
  return delta.tree.move === undefined && !isOwn ? driverAtWork(have, first) : undefined;
}

/** Bootc updates no host that has layers; one whose timer runs would silently get no updates any more. */
function bootcNotes({ around }: Have, { add, tree }: Delta): readonly string[] {
  const layers = add.length + tree.rpms.length + tree.overrides.remove.length + tree.overrides.replace.length > 0;
  return layers && around.active.includes('bootc-fetch-apply-updates.timer')
    ? [
        'bootc-fetch-apply-updates.timer updates this host, and bootc refuses hosts with layered packages: rpm_ostree with "upgrade: true" must do it from now on',
      ]
    : [];
}

/** What comes before the activation: the requests, or waiting for whoever is at work, so that a reboot throws nothing away. */
function staging(want: Params, have: Have, delta: Delta, isLayered: boolean): readonly Step[] {
  if (!isLayered) return changeSteps(want, delta, have);
  return have.ostree.busy ? [waitIdleStep(want)] : [];
}

/** The first deployment is applied to the running system, and whole. */
export function runsLive(have: Have, first: DeploymentFact): boolean {
  return have.ostree.booted.live === first.checksum && have.interrupted === '';
}

/** How the first deployment comes to run: applied live, booted, or booted where it could not be applied live. */
function activationSteps(
  want: Params,
  have: Have,
  isLayered: boolean,
  wasTried: boolean,
): readonly Step[] | Extract<Change, { refuse: string }> {
  const first = firstOf(have);
  if (want.activate === 'stage') return [];
  const boot = rebootStep(want, isLayered ? { id: first.id, ...unlockOf(have, first) } : {});
  if (want.activate === 'reboot' || (want.activate === 'live_or_reboot' && wasTried)) return [boot];
  const blocked = have.interrupted !== '' && !(isLayered && have.interrupted === first.checksum);
  const live = blocked ? undefined : liveStep(want, have);
  if (want.activate === 'live_or_reboot') return live === undefined ? [boot] : [live, boot];
  if (live !== undefined) return [live];
  return blocked
    ? { refuse: interruptedText(have.interrupted), hint: INTERRUPTED_HINT }
    : { refuse: `rpm-ostree ${have.version} cannot apply a deployment live`, hint: 'it can since 2017.6' };
}

/** The staged deployment is locked, and it is ours to unlock: nobody who drives updates here is known. */
function unlockOf(have: Have, first: DeploymentFact): { readonly unlock?: UnlockBy } {
  if (!isLocked(have, first)) return {};
  // The tool compares the digest of a container image, which is not known here; the deployment is compared by its id as well.
  const isContainer = /^ostree-(?:un|image|remote)/.test(first.origin);
  return { unlock: { checksum: isContainer ? undefined : first.base_checksum } };
}

function isLocked({ around }: Have, first: DeploymentFact): boolean {
  return first.staged && (first.locked || around.isLocked);
}

/** The deployment the next change is built on: the first one of the booted system. */
export function firstOf({ ostree }: Have): DeploymentFact {
  return ostree.deployments.find((one) => one.stateroot === ostree.booted.stateroot) ?? ostree.booted;
}

function refuseStuck(stuck: readonly string[], first: DeploymentFact): Change {
  const like = stuck.flatMap((name) =>
    first.requested_packages.filter((one) => one.startsWith(`${name}-`) && /-\d/.test(one)),
  );
  const names = stuck.map((name) => `"${name}"`).join(', ');
  if (like.length > 0) {
    const refuse = `${names} cannot be dropped: no request has just that name`;
    return { refuse, hint: `requests are dropped as they were written: absent: [${like.join(', ')}]` };
  }
  return {
    refuse: `${names} cannot be dropped: it is part of the image, or another layered package needs it`,
    hint: 'a package of the image is removed by an image without it; "prune_inactive: true" drops requests that do nothing',
  };
}

/** Who drives updates here stages updates only, and none while it is held. */
function isOurs({ ostree, around }: Have, first: DeploymentFact): boolean {
  const isUpdate = first.base_checksum !== ostree.booted.base_checksum;
  return ostree.driver === '' || around.held.includes(ostree.driver) || !isUpdate;
}

/** The wish is staged already; a reboot must be able to bring it. */
function cannotBoot(want: Params, have: Have, first: DeploymentFact): Change | undefined {
  const { ostree } = have;
  if (!mayReboot(want) || (isLocked(have, first) && isOurs(have, first))) return undefined;
  const next = bootsNext(ostree.deployments);
  if (next?.id === first.id) return undefined;
  if (first.locked) {
    return {
      refuse: `the deployment with the packages is staged, but its finalization is locked${ofDriver(ostree.driver)}`,
      hint: 'let its owner finish, or unlock it: ostree admin lock-finalization -u',
      code: 'E_BUSY',
    };
  }
  return { refuse: `another system boots next: ${next?.id ?? 'none'}`, hint: 'see "ostree admin status" on the host' };
}

/** A staged update of somebody who watches over it must not be unlocked by building on it. */
function driverAtWork({ ostree }: Have, first: DeploymentFact): Change | undefined {
  const isUpdate = first.staged && first.base_checksum !== ostree.booted.base_checksum;
  if (!isUpdate || !(first.locked || ostree.driver !== '')) return undefined;
  return {
    refuse: `an update ${first.version === '' ? '' : `to ${first.version} `}is staged and waits for its own time${ofDriver(ostree.driver)}; layering now would build on it and set it loose`,
    hint: 'let it be booted first, or stop its owner and drop it: rpm-ostree cleanup -p',
    code: 'E_BUSY',
  };
}

function ofDriver(driver: string): string {
  return driver === '' ? '' : ` (${driver})`;
}

function notesOf(want: Params, { ostree }: Have, first: DeploymentFact): readonly string[] {
  const { booted } = ostree;
  const idle = inactive(first);
  return [
    ...(first.base_checksum === booted.base_checksum
      ? []
      : [
          `an update is pending and comes along: ${booted.version || 'unversioned'} to ${first.version || 'unversioned'}`,
        ]),
    ...(idle.length > 0 && !want.prune_inactive
      ? [`requests that the image fulfils by itself: ${idle.join(', ')}`]
      : []),
  ];
}

function diffOf(delta: Delta, have: Have, first: DeploymentFact, needsReboot: boolean): readonly Diff[] {
  const before = [...first.requested_packages, ...first.local_packages];
  const added = [...delta.add, ...delta.tree.rpms.map(({ nevra }) => nevra)];
  const after = [...before.filter((request) => !delta.drop.includes(request)), ...added];
  const isSame = isSatisfied(delta);
  const lines = (requests: readonly string[]): string =>
    [...requests]
      .sort()
      .map((one) => `${one}\n`)
      .join('');
  const hasRequests = added.length + delta.drop.length > 0;
  const requests: readonly Diff[] = [
    ...treeDiff(delta.tree, have, first),
    ...(hasRequests ? [{ label: 'requested packages', before: lines(before), after: lines(after) }] : []),
  ];
  const next = isSame ? `${first.id}\n` : 'the new deployment\n';
  return needsReboot
    ? [...requests, { label: 'booted deployment', before: `${have.ostree.booted.id}\n`, after: next }]
    : requests;
}
