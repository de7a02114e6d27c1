import type { Place } from '../core/problem.ts';

/** A CEL expression with its place. */
export interface Expression {
  readonly text: string;
  readonly at: Place;
}
