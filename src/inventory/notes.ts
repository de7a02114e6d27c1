import type { Problem } from '../core/problem.ts';
import { KNOWN_VARIABLES } from './connection-variables.ts';
import type { Draft } from './draft.ts';
import type { Layer } from './layer.ts';
import { isSlip } from './slip.ts';
import type { VarsFolder } from './vars-folder.ts';

/** Names that look like a mistyped connection variable, each once; Ansible would silently ignore them. */
export function variableNotes(draft: Draft, folders: readonly VarsFolder[]): readonly Problem[] {
  const seen = new Set<string>();
  const notes: Problem[] = [];
  for (const layer of allLayers(draft, folders)) {
    for (const name in layer.vars) {
      if (!name.startsWith('ansible_') || seen.has(name)) continue;
      seen.add(name);
      const meant = KNOWN_VARIABLES.has(name) ? undefined : [...KNOWN_VARIABLES].find((known) => isSlip(name, known));
      if (meant === undefined) continue;
      const at = layer.place(name, 'key');
      notes.push({
        code: 'E_NAME',
        message: `"${name}" is no connection variable, it is an ordinary variable`,
        hint: `did you mean "${meant}"?`,
        ...(at && { at }),
      });
    }
  }
  return notes;
}

function* allLayers(draft: Draft, folders: readonly VarsFolder[]): Generator<Layer> {
  for (const group of draft.groups.values()) yield* group.layers;
  for (const host of draft.hosts.values()) yield* host.layers;
  for (const folder of folders) {
    for (const layers of [...folder.groups.values(), ...folder.hosts.values()]) yield* layers;
  }
}
