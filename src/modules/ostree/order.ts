import { cmd } from '../../core/command.ts';
import type { DeploymentFact } from '../../core/facts.ts';
import type { Diff } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import { isNamed, listed } from '../ostree-sysroot.ts';
import { byId, explainOstree, ostreeStep } from '../ostree-tool.ts';
import type { Params } from './schema.ts';
import type { Have } from './state.ts';
import type { Refusal } from './target.ts';

/** Steps, and what a person reads of them. */
export interface Piece {
  readonly steps: readonly Step[];
  readonly diff: readonly Diff[];
}

/** Pins, and what is to go. */
export function keepingPiece(want: Params, have: Have): Piece | Refusal {
  const pins = pinPiece(want, have);
  if ('refuse' in pins) return pins;
  const gone = undeployPiece(want, have);
  if ('refuse' in gone) return gone;
  return { steps: [...pins.steps, ...gone.steps], diff: [...pins.diff, ...gone.diff] };
}

function pinPiece(want: Params, { ostree, tool }: Have): Piece | Refusal {
  const there = ostree.deployments.filter(({ staged, locked }) => !staged && !locked);
  const find = (name: string): readonly DeploymentFact[] => there.filter((one) => isNamed(one, name));
  const missing = (want.pinned ?? []).find((name) => find(name).length === 0);
  if (missing !== undefined) {
    return {
      refuse: `there is no deployment "${missing}" to pin: found ${listed(ostree.deployments)}`,
      hint: 'a staged deployment can be pinned once it was booted',
    };
  }
  const pin = unique((want.pinned ?? []).flatMap(find)).filter(({ pinned }) => !pinned);
  const unpin = unique((want.unpinned ?? []).flatMap(find)).filter(({ pinned }) => pinned);
  if (pin.length + unpin.length === 0) return { steps: [], diff: [] };
  if (!tool.verbs.has('pin')) {
    return {
      refuse: 'the ostree of this host cannot pin deployments',
      hint: 'it can since 2018.4; update the image first',
    };
  }
  const step = (one: DeploymentFact, verb: string, ...options: readonly string[]): Step => ({
    do: 'run',
    say: `${verb} ${one.version || one.id}`,
    command: byId(one.id, 'pin', ...options),
    explain: explainOstree,
  });
  const after = there.filter((one) => (one.pinned && !unpin.includes(one)) || pin.includes(one));
  return {
    steps: [...pin.map((one) => step(one, 'pin')), ...unpin.map((one) => step(one, 'unpin', '-u'))],
    diff: [{ label: 'pinned deployments', before: ids(there.filter(({ pinned }) => pinned)), after: ids(after) }],
  };
}

function undeployPiece(want: Params, { ostree }: Have): Piece | Refusal {
  const { deployments, booted } = ostree;
  const at = deployments.findIndex(({ id }) => id === booted.id);
  const meant = (name: string): readonly DeploymentFact[] =>
    deployments.filter((one, index) => {
      if (name === 'pending') return index < at && one.stateroot === booted.stateroot;
      if (name === 'rollback') return index > at && one.stateroot === booted.stateroot && !isKept(want, one);
      return isNamed(one, name);
    });
  const named = (want.undeploy ?? []).flatMap((name) => meant(name).map((one) => ({ name, one })));
  const running = named.find(({ one }) => one.id === booted.id);
  if (running !== undefined) {
    return {
      refuse: `"${running.name}" is the booted deployment, which cannot be undeployed`,
      hint: 'boot another one first: set_default',
    };
  }
  const kept = named.find(({ one }) => isKept(want, one));
  if (kept !== undefined) {
    return { refuse: `"${kept.name}" is pinned`, hint: `where it may go: unpinned: ["${kept.name}"]` };
  }
  const going = unique(named.map(({ one }) => one));
  return {
    steps: going.map((one) => ({
      ...ostreeStep(want, `undeploy ${one.version || one.id}`, byId(one.id, 'undeploy')),
      destroys: named.filter((other) => other.one === one).map(({ name }) => name),
    })),
    diff:
      going.length === 0
        ? []
        : [
            {
              label: 'deployments',
              before: ids(deployments),
              after: ids(deployments.filter((one) => !going.includes(one))),
            },
          ],
  };
}

/** Pinned, and not to be unpinned by the same task. */
function isKept(want: Params, one: DeploymentFact): boolean {
  return one.pinned && !(want.unpinned ?? []).some((name) => isNamed(one, name));
}

/** The running system becomes writable; only a boot takes that back. */
export function unlockPiece(want: Params, { ostree, files, tool }: Have): Piece | Refusal {
  const { unlock } = want;
  const now = files.of(ostree.booted).unlocked;
  if (unlock === undefined || now === unlock) return { steps: [], diff: [] };
  if (now !== 'none') {
    return {
      refuse: `the running deployment is unlocked already, as ${now}`,
      hint: now === 'hotfix' ? 'boot another deployment first' : 'a reboot locks it again',
    };
  }
  const option = unlock === 'development' ? [] : [`--${unlock}`];
  const lacks = option.find((one) => !tool.takes('unlock', one));
  if (lacks !== undefined) {
    return {
      refuse: `the ostree of this host does not know "ostree admin unlock ${lacks}"`,
      hint: 'unlock: development is in every version',
    };
  }
  return {
    steps: [
      {
        do: 'run',
        say: `make /usr writable (${unlock})`,
        command: cmd('ostree', 'admin', 'unlock', ...option),
        explain: explainOstree,
      },
    ],
    diff: [{ label: '/usr', before: 'none\n', after: `${unlock}\n` }],
  };
}

function unique(list: readonly DeploymentFact[]): readonly DeploymentFact[] {
  return [...new Set(list)];
}

function ids(list: readonly DeploymentFact[]): string {
  return list.map(({ id }) => `${id}\n`).join('');
}
