import { cmd, type Command } from '../../core/command.ts';
import type { DeploymentFact } from '../../core/facts.ts';
import type { Change } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import { idleQuestion } from '../../facts/idle.ts';
import { giveBack, held, OTHERS_AT_WORK } from '../other-updaters.ts';
import { explain } from './explain.ts';
import type { Params } from './schema.ts';
import type { Have } from './state.ts';
import { rebootStep, transactionStep } from './steps.ts';

/** The way back to a deployment that is on the host: it boots next, nothing staged stands before it, and it runs. */
export function rollbackPlan(want: Params, to: string, have: Have): Change {
  const { ostree, around } = have;
  const { booted } = ostree;
  const target = findDeployment(to, have);
  if (target === undefined) return refuseUnknown(to, have);
  const isFirst = ostree.deployments[0]?.id === target.id;
  const isRunning = booted.id === target.id;
  if (isFirst && (isRunning || want.activate === 'stage')) return { steps: giveBack(around) };
  const order = isFirst ? [] : orderSteps(want, have, target);
  if (order === undefined) return refuseFar(to);
  const boot = isRunning || want.activate === 'stage' ? [] : [rebootStep(want, { id: target.id })];
  const steps = held(want, around, [...order, ...boot]);
  const before = `${ostree.deployments[0]?.id ?? ''}\n`;
  return { steps, diff: [{ label: 'deployment that boots next', before, after: `${target.id}\n` }] };
}

function refuseFar(to: string): Change {
  return {
    refuse: `"${to}" is neither the booted deployment nor the one after it, and the ostree of this host cannot choose another`,
    hint: 'ostree can since 2023.6; "deploy" makes a new deployment of a version',
  };
}

/** The booted one counts before others of the same version. */
function findDeployment(to: string, { ostree }: Have): DeploymentFact | undefined {
  const candidates = [ostree.booted, ...ostree.deployments.filter(({ staged }) => !staged)];
  return candidates.find((one) => [one.id, one.checksum, one.base_checksum, one.version].includes(to));
}

function refuseUnknown(to: string, { ostree }: Have): Change {
  const there = ostree.deployments
    .filter(({ staged }) => !staged)
    .map((one) => one.version || one.checksum.slice(0, 10));
  return {
    refuse: `there is no deployment "${to}" on this host: found ${there.join(', ')}`,
    hint: '"deploy" fetches a version that is not there any more',
  };
}

/** The calls that put a deployment first; undefined where this host has none for it. */
function orderSteps(want: Params, have: Have, target: DeploymentFact): readonly Step[] | undefined {
  const { deployments, booted } = have.ostree;
  const isStaged = deployments.some(({ staged }) => staged);
  const drop = { words: ['cleanup', '-p'], say: 'drop what is staged' };
  const dropping = isStaged ? [transactionStep(want, drop, have)] : [];
  const left = deployments.filter(
    ({ staged, pinned, stateroot }, index) =>
      !staged && (!isStaged || pinned || stateroot !== booted.stateroot || index >= deployments.indexOf(booted)),
  );
  if (left[0]?.id === target.id) return dropping;
  const at = left.findIndex(({ id }) => id === booted.id);
  // It toggles: what waits before the booted one gives way to it, else the one after it comes first.
  const chosen = at > 0 ? booted : left[at + 1];
  const call = { words: ['rollback'], say: `let ${target.version || target.checksum.slice(0, 10)} boot next` };
  if (chosen?.id === target.id) return [...dropping, transactionStep(want, call, have)];
  const index = left.findIndex(({ id }) => id === target.id);
  if (!canChoose(have)) return undefined;
  return [...dropping, setDefaultStep(want, call.say, cmd('ostree', 'admin', 'set-default', String(index)))];
}

function canChoose({ ostreeVersion }: Have): boolean {
  const [year = 0, number = 0] = ostreeVersion.split('.').map(Number);
  return year > 2023 || (year === 2023 && number >= 6);
}

function setDefaultStep(want: Params, say: string, command: Command): Step {
  return {
    do: 'transaction',
    say,
    command,
    waitIdle: {
      question: idleQuestion(),
      deadlineMs: want.busy_timeout,
      say: OTHERS_AT_WORK,
    },
    explain,
  };
}
