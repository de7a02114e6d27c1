import type { Inherited } from './frames.ts';
import type { Reading } from './reading.ts';

/** Where a list of tasks stands. */
export interface Level {
  readonly reading: Reading;
  /** What the identities of its tasks begin with: `1.`, `1.4.r`. */
  readonly prefix: string;
  readonly counter: { next: number };
  /** What applies to all of them. */
  readonly around: Inherited;
  /** Folders of the files above, outermost last, for names of local files. */
  readonly folders: readonly string[];
  /** Files being imported, to notice one that imports itself. */
  readonly open: readonly string[];
  readonly isHandlers: boolean;
  /** The tasks stand in a block with a `guard`. */
  readonly isGuarded?: true;
}
