import type { Change, Diff } from '../../core/module.ts';
import { giveBack, held, kuredNotes, updateUnderWay } from '../other-updaters.ts';
import { firstOf, type Deployed } from './deployed.ts';
import { refusal } from './refusals.ts';
import { rollbackPlan } from './rollback.ts';
import type { Params } from './schema.ts';
import type { Have } from './state.ts';
import { changeStep, rebootStep } from './steps.ts';
import { holds } from './wish.ts';

/**
 * The way to the wished image. What boots next must hold it, and unless it is only staged or downloaded the running system too;
 * both are judged by what bootc says they are made from.
 */
export function plan(want: Params, have: Have, before?: Have): Change {
  const refused = refusal(want, have);
  if (refused !== undefined) return refused;
  if (want.rollback_to !== undefined) return rollbackPlan(want, want.rollback_to, have);
  const wasTried = before !== undefined;
  const first = firstOf(have.host);
  const change = changeStep(want, have, wasTried);
  const runs = want.activate !== 'reboot' || holds(want, have.host.booted, have, wasTried);
  const notes = lookNotes(want, have);
  if (change === undefined && runs) return { steps: giveBack(have.updaters), notes };
  const obstacle = updateUnderWay(have.updaters) ?? unfitForSoftReboot(want, change === undefined ? first : undefined);
  if (obstacle !== undefined) return obstacle;
  const boot = runs ? [] : [rebootStep(want, change === undefined ? first : undefined)];
  const steps = held(want, have.updaters, [...(change === undefined ? [] : [change]), ...boot]);
  return {
    steps,
    diff: diffOf(want, have, change === undefined, boot.length > 0),
    notes: [...notes, ...kuredNotes(have.updaters, want.activate)],
  };
}

/** A deployment that is staged tells whether userspace alone can be restarted into it. */
function unfitForSoftReboot(want: Params, staged: Deployed | undefined): Change | undefined {
  if (want.soft_reboot !== 'required' || want.activate !== 'reboot') return undefined;
  if (staged === undefined || staged.canSoftReboot) return undefined;
  return {
    refuse: 'the new image is staged, but needs a whole reboot: its kernel or its kernel arguments are others',
    hint: 'write "soft_reboot: auto", which reboots it whole then; without that the next reboot of the host boots it',
    code: 'E_UNSUPPORTED',
  };
}

function lookNotes({ upgrade }: Params, { look }: Have): readonly string[] {
  return upgrade && typeof look === 'object'
    ? [`no newer build could be looked for: ${look.failed.slice(0, 300)}`]
    : [];
}

function diffOf(want: Params, have: Have, isStaged: boolean, boots: boolean): readonly Diff[] {
  const first = firstOf(have.host);
  const image = { label: 'image', before: `${show(first)}\n`, after: `${showWish(want, first)}\n` };
  const next = isStaged && first !== undefined ? first.id : 'the new deployment';
  const boot = { label: 'booted deployment', before: `${have.host.booted?.id ?? ''}\n`, after: `${next}\n` };
  return [...(isStaged ? [] : [image]), ...(boots ? [boot] : [])];
}

function showWish(want: Params, first: Deployed | undefined): string {
  if (want.image !== undefined && want.image !== first?.image) return want.image;
  return first?.newer === undefined ? `${first?.image ?? ''} as it is now` : show({ ...first, ...first.newer });
}

/** An image with what it is, as `quay.io/example/os:42 sha256:… (42.1)`. */
function show(one: Deployed | undefined): string {
  if (one === undefined || one.image === '') return 'no container image';
  return `${one.image} ${one.digest}${one.version === '' ? '' : ` (${one.version})`}`;
}
