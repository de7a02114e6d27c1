import { Fault, fault } from '../core/problem.ts';
import { printable } from '../core/bytes.ts';
import type { Target } from '../core/target.ts';
import { showDuration } from '../core/units.ts';

/** A connection that could not be made. */
export interface ConnectFailure {
  readonly fault: Fault;
  /** The other side dropped it before the login began, as a busy sshd does: worth another try. */
  readonly again?: boolean;
  /** The host is known, but by keys of these types: try once more and ask for them. */
  readonly hostKeyTypes?: readonly string[];
}

/** Thrown between the parts of a connect, so that the outermost one can decide about another try. */
export class ConnectError extends Error {
  readonly failure: ConnectFailure;

  constructor(failure: ConnectFailure) {
    super(failure.fault.message, { cause: failure.fault });
    this.failure = failure;
  }
}

/** `web1 (10.0.0.5:22)`: how a target is called in every message. */
export function called(target: Pick<Target, 'name' | 'address' | 'port'>): string {
  const at = `${target.address.includes(':') ? `[${target.address}]` : target.address}:${target.port}`;
  return target.name === target.address || target.name === at ? at : `${target.name} (${at})`;
}

/** The fault of a run that was interrupted while it connected. */
export function interrupted(target: Target): Fault {
  return fault({ code: 'E_ABORTED', message: `interrupted while connecting to ${called(target)}` });
}

/** The fault of a connect deadline; it names what was being waited for, and repeats what the host said meanwhile. */
export function tooSlow(target: Target, waitedFor: string, afterMs: number, said = ''): Fault {
  return fault({
    code: 'E_TIMEOUT',
    message: `${called(target)} did not get past ${waitedFor} within ${showDuration(afterMs)}${hostSaid(said)}`,
    hint: 'see whether the host is up and sshd answers; copse_connect_timeout sets the time',
  });
}

const SOCKET_TROUBLE: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  ENOTFOUND: ['its name does not resolve', 'check the name, or set copse_address in the inventory'],
  EAI_AGAIN: ['the name server did not answer', 'try again, or set copse_address in the inventory'],
  ECONNRESET: ['the connection was reset at once', 'a firewall or a busy host may have done that'],
  ECONNREFUSED: ['connection refused: nothing listens there', 'see whether sshd runs, and on which port'],
  EHOSTUNREACH: ['no route to the host', 'see whether the host is up and the network between reaches it'],
  ENETUNREACH: ['the network is unreachable', 'see whether this machine has a route to that network'],
  ETIMEDOUT: ['no answer', 'see whether the host is up and a firewall lets port and network through'],
  EADDRNOTAVAIL: ['this machine has no address for it, or ran out of ports', 'lower the number of parallel hosts'],
  EMFILE: ['this process may open no more files', 'raise it with ulimit -n, or lower the number of parallel hosts'],
};

/** The failure of a TCP connection that could not be made; every address that was tried is named. */
export function socketFailure(target: Target, error: unknown): ConnectFailure {
  const causes: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  const known = causes.map(codeOf).find((code) => code !== undefined && code in SOCKET_TROUBLE);
  const [what, hint] = SOCKET_TROUBLE[known ?? ''] ?? [causes.map(textOf).join('; '), 'see whether the host is up'];
  const message = `${called(target)} cannot be reached: ${what}`;
  return { fault: fault({ code: 'E_CONNECT', message, hint }, error), again: known === 'ECONNRESET' };
}

/** An error as a Fault: our own as it is, anything else as a connection that could not be made. */
export function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  return fault({ code: 'E_CONNECT', message: textOf(error) }, error);
}

/** What a host said in plain words before it closed, for a message: one line, printable, not too long; '' for nothing. */
export function hostSaid(text: string): string {
  const line = printable(text).trim().replaceAll(/\s+/g, ' ');
  return line === '' ? '' : `; it said: "${line.length > 300 ? `${line.slice(0, 300)}...` : line}"`;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
