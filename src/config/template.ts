import type { Place } from '../core/problem.ts';

/** A YAML value in which `${{ }}` may stand, with its places. */
export interface Template {
  readonly raw: unknown;
  readonly at: Place;
  /** The place of what lies under a path of keys and indexes. */
  place(path: readonly (string | number)[], what?: 'key' | 'value'): Place;
}
