import type { Change, Diff, ModuleContext } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import { showSize } from '../../core/units.ts';
import type { Have } from './read.ts';
import type { Params } from './schema.ts';
import type { LogicalVolume } from './state.ts';

/** Why a wish cannot or must not be met. */
export type Refusal = Extract<Change, { readonly refuse: string }>;

/** The plan while it is made: what was decided so far, and how the group will be after it. */
export interface Draft {
  readonly want: Params;
  readonly have: Have;
  readonly context: ModuleContext;
  readonly steps: Step[];
  readonly diff: Diff[];
  readonly notes: string[];
  readonly refusals: Refusal[];
  /** Bytes of an extent. */
  extentSize: number;
  /** Extents of the whole group, and of the members that the wish names. */
  total: number;
  named: number;
  /** Extents that volumes can still take. */
  free: number;
  /** Extents of the spare for the repair of pool metadata; LVM keeps one of the size of the largest. */
  spare: number;
  /** Volumes by name, as they will be. */
  readonly volumes: Map<string, LogicalVolume>;
}

/** The name of a volume as a person writes it, and as `allow_destroy` must: `data/root`. */
export function fullName(draft: Draft, name: string): string {
  return `${draft.want.vg}/${name}`;
}

/** Notes a change for `--diff`. */
export function addDiff(draft: Draft, label: string, before: string, after: string): void {
  draft.diff.push({ label, before: before === '' ? '' : `${before}\n`, after: after === '' ? '' : `${after}\n` });
}

/** Extents as a person reads them: `2.5G (640 extents)`. */
export function showExtents(draft: Draft, extents: number): string {
  return `${showSize(extents * draft.extentSize)} (${extents} extents)`;
}

/** The change, or all refusals as one. */
export function finish(draft: Draft): Change {
  const { steps, diff, notes, refusals } = draft;
  const [first] = refusals;
  if (first === undefined) return { steps, diff, notes };
  const hint = refusals.find((one) => one.hint !== undefined)?.hint;
  return {
    refuse: refusals.map((one) => one.refuse).join('; '),
    ...(hint === undefined ? {} : { hint }),
    ...(first.code === undefined ? {} : { code: first.code }),
  };
}
