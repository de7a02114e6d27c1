import type { Linked } from './link.ts';
import type { Identity } from './session.ts';

/** A text that is the same for the same user and method. */
export function identityKey(as: Identity): string {
  return as === undefined ? '' : `${as.method}:${as.user}`;
}

/** Throws what an identity's password was refused with before; without that, one wrong password would be tried by every task. */
export function checkNotRefused({ refused }: Linked, as: Identity): void {
  const before = refused.get(identityKey(as));
  if (before !== undefined) throw before;
}
