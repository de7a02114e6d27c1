import type { DeploymentFact } from '../../core/facts.ts';
import type { Diff } from '../../core/module.ts';
import { applyKargs, isSameKargs } from '../kargs.ts';
import { isSameOverrides, showOverrides } from './overrides.ts';
import type { Have } from './state.ts';
import type { TreeDelta } from './tree-delta.ts';
import { treeFact, type TreeFact } from './tree-state.ts';

/** What changes in a deployment beside its requests. */
export function treeDiff(delta: TreeDelta, have: Have, first: DeploymentFact): readonly Diff[] {
  const one = treeFact(have.tree, first);
  const pieces: readonly (readonly [label: string, before: readonly string[], after: readonly string[]])[] = [
    ...imageDiff(delta, have, one),
    ...(isSameOverrides(delta.overrides)
      ? []
      : [['overrides', showOverrides(one).toSorted(), overridesAfter(delta, one).toSorted()] as const]),
    ...(isSameKargs(delta.kargs)
      ? []
      : [['kernel arguments', have.tree.kargs.next, applyKargs(delta.kargs, have.tree.kargs.next)] as const]),
    ...(delta.initramfs === undefined
      ? []
      : [
          [
            'initramfs',
            showInitramfs(one.initramfs, one.initramfsArgs),
            showInitramfs(delta.initramfs.enable, delta.initramfs.args),
          ] as const,
        ]),
  ];
  return pieces.map(([label, before, after]) => ({ label, before: lines(before), after: lines(after) }));
}

function imageDiff(
  { move }: TreeDelta,
  { tree }: Have,
  one: TreeFact,
): readonly (readonly [string, readonly string[], readonly string[]])[] {
  if (move === undefined) return [];
  const now = [one.origin, `${one.baseVersion || 'unversioned'} ${one.baseChecksum}`];
  if (move.do === 'rebase') return [['image', now, [move.to, move.revision ?? 'its newest version']]];
  if (move.do === 'deploy') return [['image', now, [one.origin, move.to]]];
  const found = typeof tree.update === 'object' ? tree.update.checksum : 'what is newest';
  return [['image', now, [one.origin, found === one.baseChecksum ? `${now[1] ?? ''}, newer layered packages` : found]]];
}

function overridesAfter({ overrides }: TreeDelta, one: TreeFact): readonly string[] {
  const names = [...overrides.reset];
  const kept = showOverrides(one).filter((line) => {
    const what = line.slice(line.indexOf(' ') + 1);
    return !names.some((name) => what === name || what.startsWith(`${name}-`));
  });
  return [
    ...kept,
    ...overrides.remove.map((name) => `remove ${name}`),
    ...overrides.replace.map(({ nevra }) => `replace ${nevra}`),
  ];
}

function showInitramfs(isEnabled: boolean, args: readonly string[]): readonly string[] {
  return isEnabled ? ['made on the host', ...args] : ['of the image'];
}

function lines(list: readonly string[]): string {
  return list.map((line) => `${line}\n`).join('');
}
