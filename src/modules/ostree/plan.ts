import type { DeploymentFact } from '../../core/facts.ts';
import type { Change, Diff, ModuleContext } from '../../core/module.ts';
import type { Step, UnlockBy } from '../../core/step.ts';
import { giveBack, held, kuredNotes, updateUnderWay } from '../other-updaters.ts';
import { defaultPlan } from './default.ts';
import { keepingPiece, unlockPiece, type Piece } from './order.ts';
import { wishesTree, type Params } from './schema.ts';
import { firstOf, type Have } from './state.ts';
import { deployStep, pullStep, rebootStep, stateroot } from './steps.ts';
import { isTarget, runsWith, targetOf, wishedKargs, type Refusal, type Target } from './target.ts';

/**
 * The way to what must boot, what may not be lost and what may go. As with rpm-ostree the deployment that boots next must hold the wish,
 * and unless it is only staged the running one too.
 */
export function plan(want: Params, have: Have, _context: ModuleContext, before?: Have): Change {
  if (have.ostree.booted.id === '') {
    return { refuse: 'no deployment of ostree is booted on this host', hint: 'see "ostree admin status"' };
  }
  const keeping = keepingPiece(want, have);
  if ('refuse' in keeping) return keeping;
  if (want.set_default !== undefined) return joined(keeping, defaultPlan(want, want.set_default, have));
  const unlocking = unlockPiece(want, have);
  if ('refuse' in unlocking) return unlocking;
  const own = { steps: [...keeping.steps, ...unlocking.steps], diff: [...keeping.diff, ...unlocking.diff] };
  if (!wishesTree(want)) return own;
  return updateUnderWay(have.around) ?? joined(own, treePlan(want, have, before !== undefined));
}

function joined(piece: Piece, change: Change): Change {
  if ('refuse' in change) return change;
  return { ...change, steps: [...piece.steps, ...change.steps], diff: [...piece.diff, ...(change.diff ?? [])] };
}

function treePlan(want: Params, have: Have, wasTried: boolean): Change {
  const target = targetOf(want, have, wasTried);
  if ('refuse' in target) return layeredOn(have, want.os) ?? target;
  const { booted } = have.ostree;
  const first = firstOf(have, target.os);
  const isDeployed = isTarget(want, have, target, first);
  const isRunning = isTarget(want, have, target, booted) && runsWith(want, have.files.running);
  const obstacle = isDeployed ? cannotBoot(want, have, first, isRunning) : cannotDeploy(want, have, first, target);
  if (obstacle !== undefined) return obstacle;
  const needsBoot = want.activate === 'reboot' && !isRunning;
  if (isDeployed && !needsBoot) return { steps: giveBack(have.around), notes: notesOf(want, have, target, first) };
  const staging = isDeployed ? [] : stagingSteps(want, have, target, first);
  const boot = isDeployed && first !== undefined ? { id: first.id, ...unlockOf(have, first) } : {};
  const steps = [...staging, ...(needsBoot ? [rebootStep(want, boot)] : [])];
  return {
    steps: held(want, have.around, steps),
    notes: [...notesOf(want, have, target, first), ...kuredNotes(have.around, needsBoot ? 'reboot' : 'stage')],
    diff: diffOf(want, have, target, isDeployed ? undefined : first, needsBoot),
  };
}

function stagingSteps(want: Params, have: Have, target: Target, first: DeploymentFact | undefined): readonly Step[] {
  const { booted } = have.ostree;
  const merge = booted.stateroot === target.os ? booted : first;
  // A new stateroot would get none, not even that of the root file system.
  const kargs = wishedKargs(want, have, first ?? booted);
  const inherited = merge === undefined ? [] : (have.files.of(merge).kargs ?? []);
  const isSame = kargs.join(' ') === inherited.join(' ');
  // Whether the ref has something new is not known before the pull; then the same commit needs no new deployment.
  const isOpen = target.commit === '' && first !== undefined;
  const isElseRight = isOpen && isTarget(want, have, { ...target, commit: first.checksum }, first);
  return [
    ...(have.files.stateroots.includes(target.os) ? [] : [stateroot(target.os)]),
    ...(target.mustPull ? [pullStep(want, target)] : []),
    deployStep(want, {
      target,
      tool: have.tool,
      kargs: isSame ? undefined : kargs,
      unless: isElseRight ? first.checksum : '',
    }),
  ];
}

/** What would be lost, or cannot be known. */
function cannotDeploy(
  want: Params,
  have: Have,
  first: DeploymentFact | undefined,
  target: Target,
): Refusal | undefined {
  const { booted } = have.ostree;
  const layered = layeredOn(have, target.os);
  if (layered !== undefined) return layered;
  const base = first ?? booted;
  if (have.files.of(base).kargs === undefined) {
    return {
      refuse: `the kernel arguments of ${base.version || base.id} cannot be read`,
      hint: 'they stand in /boot/loader/entries; "become: true" may be missing',
      code: 'E_ANSWER',
    };
  }
  const isForeignStage = first !== undefined && first.id !== booted.id && first.locked;
  if (!isForeignStage || want.deploy !== undefined || want.upgrade) return undefined;
  return {
    refuse: `an update ${first.version === '' ? '' : `to ${first.version} `}is staged and waits for its own time; a change now would set it loose`,
    hint: 'let it be booted first, or drop it: undeploy: pending',
    code: 'E_BUSY',
  };
}

/** What rpm-ostree or bootc made of a stateroot, ostree itself would lose. */
function layeredOn(have: Have, os = have.ostree.booted.stateroot): Refusal | undefined {
  const own = [firstOf(have, os), have.ostree.booted].filter((one) => one?.stateroot === os);
  const layered = own.find((one) => one !== undefined && have.files.of(one).isForeign);
  if (layered === undefined) return undefined;
  return {
    refuse: `the deployment ${layered.version || layered.id} has layered packages, overrides or a container image in it, which ostree itself would lose`,
    hint: 'use rpm_ostree: it has "deploy", "upgrade", "rebase" and "kargs" too',
  };
}

/** The wish is deployed already; a reboot must be able to bring it. */
function cannotBoot(
  want: Params,
  { ostree, around }: Have,
  first: DeploymentFact | undefined,
  isRunning: boolean,
): Refusal | undefined {
  if (want.activate !== 'reboot' || isRunning || first === undefined) return undefined;
  const watcher = around.active.find((unit) => !around.held.includes(unit));
  if (first.locked && watcher !== undefined && !want.hold_updates) {
    return {
      refuse: `the deployment is staged, but its finalization is locked, and ${watcher} watches over it`,
      hint: 'let it finish, or hold it: hold_updates: true',
      code: 'E_BUSY',
    };
  }
  const next = ostree.deployments[0];
  if (next?.id === first.id) return undefined;
  return {
    refuse: `another deployment boots next: ${next?.id ?? 'none'}`,
    hint: `let it boot: set_default: "${first.id}"`,
  };
}

function unlockOf({ ostree }: Have, first: DeploymentFact): { readonly unlock?: UnlockBy } {
  const isLocked = first.locked && first.id !== ostree.booted.id;
  return isLocked ? { unlock: { checksum: first.base_checksum, tool: 'ostree' } } : {};
}

function notesOf(
  want: Params,
  { ostree, tool }: Have,
  target: Target,
  first: DeploymentFact | undefined,
): readonly string[] {
  const isUpdate =
    want.deploy === undefined && !want.upgrade && first !== undefined && first.checksum !== ostree.booted.checksum;
  return [
    ...(tool.takes('deploy', '--stage')
      ? []
      : [
          'this ostree cannot stage: the deployment is made at once, and what changes in /etc until the reboot is not in it',
        ]),
    ...(first === undefined
      ? [
          `the stateroot "${target.os}" begins with the /etc of the image and an empty /var: users, keys and the host name of this system are not in it`,
        ]
      : []),
    ...(isUpdate && target.os === ostree.booted.stateroot
      ? [
          `an update is pending and comes along: ${ostree.booted.version || 'unversioned'} to ${first.version || 'unversioned'}`,
        ]
      : []),
  ];
}

function diffOf(
  want: Params,
  have: Have,
  target: Target,
  first: DeploymentFact | undefined,
  boots: boolean,
): readonly Diff[] {
  const { booted } = have.ostree;
  const before = first === undefined ? [] : (have.files.of(first).kargs ?? []);
  const after = wishedKargs(want, have, first);
  const lines = (list: readonly string[]): string => list.map((one) => `${one}\n`).join('');
  const commit = target.commit === '' ? 'the newest commit' : target.commit;
  const changesKargs = want.kargs !== undefined && first !== undefined && before.join(' ') !== after.join(' ');
  return [
    ...(first === undefined || first.checksum === target.commit
      ? []
      : [{ label: `commit of ${target.os}`, before: `${first.checksum}\n`, after: `${commit}\n` }]),
    ...(changesKargs ? [{ label: 'kernel arguments', before: lines(before), after: lines(after) }] : []),
    ...(boots
      ? [
          {
            label: 'booted deployment',
            before: `${booted.id}\n`,
            after:
              first === undefined
                ? `${firstOf(have, target.os)?.id ?? 'the new deployment'}\n`
                : 'the new deployment\n',
          },
        ]
      : []),
  ];
}
