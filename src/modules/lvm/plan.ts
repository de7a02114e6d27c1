import type { Change, ModuleContext } from '../../core/module.ts';
import { finish, type Draft } from './draft.ts';
import { groupTrouble, planGroup } from './group.ts';
import { planPool } from './pool.ts';
import type { Have } from './read.ts';
import { removeGroup, removeVolume } from './removal.ts';
import type { Params } from './schema.ts';
import { extentsFor } from './size.ts';
import { planVolume } from './volume.ts';
import type { Volume } from './volume-schema.ts';

/** The steps from the group as it is to the group as it is wished: members first, then what goes, then what comes. */
export function plan(want: Params, have: Have, context: ModuleContext): Change {
  const trouble = groupTrouble({ want, have });
  if (trouble !== undefined) return trouble;
  const draft = begin(want, have, context);
  if (want.state === 'absent') {
    removeGroup(draft);
    return finish(draft);
  }
  planGroup(draft);
  if (cannotCount(draft)) return finish(draft);
  for (const volume of want.lvs) if (volume.state === 'absent') removeVolume(draft, volume);
  const wanted = want.lvs.filter(({ state }) => state === 'present');
  for (const volume of inOrder(draft, wanted)) {
    if (volume.type === 'thin-pool') planPool(draft, volume);
    else planVolume(draft, volume);
  }
  return finish(draft);
}

/**
 * What gives space back comes first: a share of what is free would be larger the next time otherwise. Thin volumes come last: they
 * take no extents, and may be a share of their pool.
 */
function inOrder(draft: Draft, wanted: readonly Volume[]): readonly Volume[] {
  const rank = (one: Volume): number => (isCut(draft, one) ? 0 : one.type === 'thin' ? 2 : 1);
  return wanted.toSorted((a, b) => rank(a) - rank(b));
}

/** True for a volume that is larger than wished. */
function isCut({ volumes, extentSize }: Draft, { name, size, type, resize }: Volume): boolean {
  const lv = volumes.get(name);
  if (lv === undefined || size === undefined || !('bytes' in size)) return false;
  if (type !== 'linear' || resize !== 'grow_or_shrink') return false;
  return extentsFor(size.bytes, extentSize) * extentSize < lv.bytes;
}

/** True where sizes mean nothing: there is no group to come, or under check its disks are not there yet. */
function cannotCount({ refusals, have, total }: Draft): boolean {
  return refusals.length > 0 || (have.group === undefined && total === 0);
}

function begin(want: Params, have: Have, context: ModuleContext): Draft {
  const extentSize = have.group?.extentSize ?? 1;
  const spare = have.lvs.find(({ name }) => name.endsWith('_pmspare'));
  return {
    want,
    have,
    context,
    steps: [],
    diff: [],
    notes: [],
    refusals: [],
    extentSize,
    total: 0,
    named: 0,
    free: 0,
    spare: (spare?.bytes ?? 0) / extentSize,
    volumes: new Map(have.lvs.map((lv) => [lv.name, lv])),
  };
}
