import type { DeploymentFact } from '../../core/facts.ts';
import type { Change } from '../../core/module.ts';
import { giveBack, held, updateUnderWay } from '../other-updaters.ts';
import { isNamed, listed } from '../ostree-sysroot.ts';
import { byId, ostreeStep } from '../ostree-tool.ts';
import type { Params } from './schema.ts';
import type { Have } from './state.ts';
import { rebootStep } from './steps.ts';

/** A deployment that is there boots next, and runs. */
export function defaultPlan(want: Params, name: string, have: Have): Change {
  const obstacle = updateUnderWay(have.around);
  if (obstacle !== undefined) return obstacle;
  const { deployments, booted } = have.ostree;
  const candidates = deployments.filter(({ staged, locked }) => !staged && !locked);
  // The booted one counts before others of the same version.
  const target = [booted, ...candidates].find((one) => isNamed(one, name));
  if (target === undefined) {
    return {
      refuse: `there is no deployment "${name}" on this host: found ${listed(candidates)}`,
      hint: '"deploy" makes one of a ref or commit; what is staged boots anyway',
    };
  }
  const [first] = deployments;
  if (first?.id === target.id) return boots(want, have, target);
  if (!have.tool.verbs.has('set-default')) {
    return {
      refuse: 'the ostree of this host cannot choose which deployment boots',
      hint: `it can since 2023.6; "deploy: ${target.checksum}" makes a new deployment of the same commit`,
    };
  }
  const order = ostreeStep(want, `let ${target.version || target.id} boot next`, byId(target.id, 'set-default'));
  return {
    steps: held(want, have.around, [order, ...reboot(want, have, target)]),
    diff: [{ label: 'deployment that boots next', before: `${first?.id ?? ''}\n`, after: `${target.id}\n` }],
    notes: first?.staged === true ? [`what is staged (${listed([first])}) is dropped`] : [],
  };
}

/** It boots next already. */
function boots(want: Params, have: Have, target: DeploymentFact): Change {
  const steps = reboot(want, have, target);
  if (steps.length === 0) return { steps: giveBack(have.around) };
  const before = `${have.ostree.booted.id}\n`;
  return {
    steps: held(want, have.around, steps),
    diff: [{ label: 'booted deployment', before, after: `${target.id}\n` }],
  };
}

function reboot(want: Params, { ostree }: Have, { id }: DeploymentFact): readonly ReturnType<typeof rebootStep>[] {
  return ostree.booted.id === id || want.activate === 'stage' ? [] : [rebootStep(want, { id })];
}
