import type { Change, ModuleContext } from '../../core/module.ts';
import { finish, type Draft } from './draft.ts';
import { groupTrouble, planGroup } from './group.ts';
import { planPool } from './pool.ts';
import type { Have } from './read.ts';
import { removeGroup, removeVolume } from './removal.ts';
import type { Params } from './schema.ts';
import { planVolume } from './volume.ts';

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
  for (const volume of want.lvs) {
    if (volume.state === 'absent') continue;
    if (volume.type === 'thin-pool') planPool(draft, volume);
    else planVolume(draft, volume);
  }
  return finish(draft);
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
