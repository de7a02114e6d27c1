import { holds, KINDS, touches, type Kind } from './kinds.ts';
import type { Params } from './schema.ts';
import type { Zone } from './state.ts';

/** What is added to a list of a zone, and what is taken out of it. */
export interface Edit {
  readonly kind: Kind;
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** What one of the two firewalls, the running or the kept one, needs. */
export interface Side {
  readonly edits: readonly Edit[];
  readonly masquerade: boolean | undefined;
  readonly target: string | undefined;
}

/** A zone that is not there yet. */
export const EMPTY: Zone = {
  // One empty list for each kind.
  lists: Object.fromEntries(KINDS.map(({ name }) => [name, []])) as unknown as Zone['lists'],
  masquerade: false,
  target: 'default',
};

/** What differs between a wish and a zone. Ranges of ports that are to go in part go whole, and what is wished of them comes anew. */
export function sideOf(want: Params, zone: Zone): Side {
  const edits = KINDS.map((kind): Edit => {
    const list = zone.lists[kind.name];
    const extra = want.exclusive.includes(kind.name)
      ? list.filter((one) => !holds(kind.name, want[kind.name], one))
      : [];
    const unwanted = want.absent[kind.name].filter((one) => touches(kind.name, list, one));
    const left = list.filter((one) => !extra.includes(one));
    const remove = [...extra, ...unwanted.filter((one) => touches(kind.name, left, one))];
    return { kind, add: want[kind.name].filter((one) => !holds(kind.name, left, one)), remove };
  });
  return {
    edits: edits.filter(({ add, remove }) => add.length + remove.length > 0),
    masquerade: want.masquerade === zone.masquerade ? undefined : want.masquerade,
    target: want.target === zone.target ? undefined : want.target,
  };
}

/** A zone after its edits. */
export function edited(zone: Zone, side: Side): Zone {
  const lists = { ...zone.lists };
  for (const { kind, add, remove } of side.edits) {
    lists[kind.name] = [...lists[kind.name].filter((one) => !touches(kind.name, remove, one)), ...add];
  }
  return { lists, masquerade: side.masquerade ?? zone.masquerade, target: side.target ?? zone.target };
}
