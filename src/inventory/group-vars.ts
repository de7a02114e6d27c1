import { emptyRecord } from '../config/plain.ts';
import type { Place } from '../core/problem.ts';
import type { Value, Vars } from '../core/value.ts';
import type { Draft, GroupDraft } from './draft.ts';
import { layerOf, type Layer } from './layer.ts';

const PRIORITY = 'ansible_group_priority';

/** Adds variables to a group; `ansible_group_priority` among them ranks the group and is no variable of its hosts. */
export function addGroupLayer(draft: Draft, group: GroupDraft, vars: Vars, place: Layer['place']): void {
  const priority = vars[PRIORITY];
  if (priority === undefined) {
    group.layers.push(layerOf(`group "${group.name}"`, vars, place));
    return;
  }
  setPriority(draft, group, priority, place(PRIORITY));
  const rest = emptyRecord<Value>();
  for (const [name, value] of Object.entries(vars)) if (name !== PRIORITY) rest[name] = value;
  group.layers.push(layerOf(`group "${group.name}"`, rest, place));
}

function setPriority(draft: Draft, group: GroupDraft, value: Value, at: Place | undefined): void {
  const written = typeof value === 'number' ? String(value) : value;
  if (typeof written === 'string' && /^\s*[-+]?\d+\s*$/.test(written)) {
    group.priority = Number(written);
    return;
  }
  draft.problems.push({
    code: 'E_INVENTORY',
    message: `${PRIORITY} of "${group.name}" must be a whole number, found ${JSON.stringify(value)}`,
    hint: 'write a number: the higher wins among groups of the same depth',
    ...(at && { at }),
  });
}
