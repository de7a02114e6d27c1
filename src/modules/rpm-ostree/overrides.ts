import { isSameBuild, nameOf } from './nevra.ts';
import type { Rpm } from './rpms.ts';
import type { TreeWish } from './tree-schema.ts';
import type { TreeFact } from './tree-state.ts';

/** How the overrides of a deployment must change. */
export interface OverridesDelta {
  readonly remove: readonly string[];
  readonly replace: readonly Rpm[];
  /** Names of overrides that go. */
  readonly reset: readonly string[];
  readonly isAll: boolean;
}

/** The difference between a deployment's overrides and a wish. */
export function overridesDelta(
  wish: NonNullable<TreeWish['overrides']> | undefined,
  replacing: readonly Rpm[],
  one: TreeFact,
): OverridesDelta {
  const { remove = [], reset = [] } = wish ?? {};
  const replacedNames = [...one.replacements, ...one.remoteReplacements].map(nameIn);
  const overridden = [...one.removals, ...replacedNames];
  const isAll = reset.includes('all');
  return {
    remove: remove.filter((name) => !one.removals.includes(name)),
    replace: replacing.filter(({ nevra }) => !one.replacements.some((have) => isSameBuild(have, nevra))),
    reset: isAll ? overridden : reset.filter((name) => overridden.includes(name)),
    isAll,
  };
}

/** True when nothing must change. */
export function isSameOverrides({ remove, replace, reset }: OverridesDelta): boolean {
  return remove.length + replace.length + reset.length === 0;
}

/** A replacement from a repository may be noted by its name alone. */
function nameIn(entry: string): string {
  return /\.\w+$/.test(entry) ? nameOf(entry) : entry;
}

/** The overrides of a deployment, a line each. */
export function showOverrides({ removals, replacements, remoteReplacements }: TreeFact): readonly string[] {
  return [
    ...removals.map((name) => `remove ${name}`),
    ...[...replacements, ...remoteReplacements].map((nevra) => `replace ${nevra}`),
  ];
}
