import { Fault } from '../core/problem.ts';
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

/**
 * Starts something as that user. A sudo that ends before it asks for a password gets one more try with a terminal, which some hosts
 * demand (`requiretty`, once the default of RHEL); what helped is remembered for the connection. Nothing has run before the second try.
 */
export async function withTerminalIfWanted<T>(
  { terminals, untold }: Linked,
  as: Identity,
  start: (terminal: boolean) => Promise<T>,
): Promise<T> {
  const key = identityKey(as);
  if (terminals.has(key)) return start(true);
  try {
    return await start(false);
  } catch (first) {
    if (!(first instanceof Fault) || !untold.has(first)) throw first;
    terminals.add(key);
    return start(true).catch((second: unknown) => {
      if (!(second instanceof Fault) || !untold.has(second)) throw second;
      terminals.delete(key);
      throw first;
    });
  }
}
