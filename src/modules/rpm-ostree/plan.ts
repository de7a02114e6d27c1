import type { DeploymentFact } from '../../core/facts.ts';
import type { Change, Diff } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import { bootsNext } from '../../facts/boot-order.ts';
import { deltaOf, inactive, isSatisfied, type Delta } from './requests.ts';
import type { Params } from './schema.ts';
import type { Have } from './state.ts';
import { rebootStep, requestSteps, waitIdleStep } from './steps.ts';

/**
 * The way to the wished packages. rpm-ostree builds every change on the deployment that is first in boot order, not on the
 * booted one, so both are looked at: the first must hold the wish, and with `activate: reboot` the booted one too.
 */
export function plan(want: Params, have: Have): Change {
  const { booted } = have.ostree;
  if (booted.id === '') {
    return { refuse: 'no deployment of rpm-ostree is booted on this host', hint: 'a live system cannot be layered' };
  }
  const first = firstOf(have);
  const delta = deltaOf(want, have, first);
  if (delta.stuck.length > 0) return refuseStuck(delta.stuck, first);
  const isLayered = delta.add.length === 0 && delta.drop.length === 0;
  const isActive = isSatisfied(deltaOf(want, have, booted));
  if (isLayered && (isActive || want.activate === 'stage')) return { steps: [], notes: notesOf(want, have, first) };
  const obstacle = isLayered ? cannotBoot(have, first) : driverAtWork(have, first);
  if (obstacle !== undefined) return obstacle;
  const change = isLayered ? [] : requestSteps(want, delta, have.version);
  const needsReboot = want.activate === 'reboot' && !isActive;
  const steps: Step[] = [
    ...change,
    ...(isLayered && have.ostree.busy ? [waitIdleStep(want)] : []),
    ...(needsReboot ? [rebootStep(want)] : []),
  ];
  return { steps, diff: diffOf(delta, have, first, needsReboot), notes: notesOf(want, have, first) };
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

/** The wish is staged already; a reboot must be able to bring it. */
function cannotBoot({ ostree }: Have, first: DeploymentFact): Change | undefined {
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

function diffOf(delta: Delta, { ostree }: Have, first: DeploymentFact, needsReboot: boolean): readonly Diff[] {
  const before = [...first.requested_packages, ...first.local_packages];
  const after = [...before.filter((request) => !delta.drop.includes(request)), ...delta.add];
  const isSame = delta.add.length === 0 && delta.drop.length === 0;
  const lines = (requests: readonly string[]): string =>
    [...requests]
      .sort()
      .map((one) => `${one}\n`)
      .join('');
  const requests = isSame ? [] : [{ label: 'requested packages', before: lines(before), after: lines(after) }];
  const next = isSame ? `${first.id}\n` : 'the new deployment\n';
  return needsReboot
    ? [...requests, { label: 'booted deployment', before: `${ostree.booted.id}\n`, after: next }]
    : requests;
}
