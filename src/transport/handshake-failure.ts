import type { ClientErrorExtensions } from 'ssh2';
import type { Problem } from '../core/problem.ts';
import { fault } from '../core/problem.ts';
import type { Target } from '../core/target.ts';
import type { ConnectFailure } from './connect-fault.ts';
import { called, hostSaid } from './connect-fault.ts';
import type { LoginAccount } from './login.ts';

/** An error as ssh2 gives it: a level of its own, Node's code or the reason number of a disconnect message. */
export type ClientError = Error & ClientErrorExtensions & { readonly code?: string | number };

/** What is being waited for in a handshake. */
export const WAITS = { banner: 'the SSH banner', kex: 'the key exchange', login: 'the login' } as const;

/** How far a handshake came when it failed. */
export interface HandshakeEnd {
  readonly target: Target;
  /** One of `WAITS`. */
  readonly during: string;
  /** Undefined when the other side simply closed. */
  readonly error: ClientError | undefined;
  /** What the host said in plain text, before the banner or at the login. */
  readonly said: string;
  readonly tried: LoginAccount;
}

const TOO_MANY_FAILURES = 2;
const ONLY_OPENSSH: ReadonlySet<string> = new Set(['gssapi-with-mic', 'gssapi-keyex', 'hostbased']);
const OPENSSH = 'the ssh program may know more: copse_transport: openssh';

/** The failure that a broken handshake stands for, told by how far it came, never by ssh2's words. */
export function handshakeFailure(end: HandshakeEnd): ConnectFailure {
  const { target, during, error } = end;
  const again = during !== WAITS.login && isDrop(error);
  if (again) return { again, fault: fault(dropped(end), error) };
  if (during === WAITS.login) return { fault: fault(loginProblem(end), error) };
  const what = during === WAITS.banner ? 'does not speak SSH' : 'and copse found no common ground';
  const message = `${called(target)} ${what}: ${error?.message ?? 'it closed the connection'}${hostSaid(end.said)}`;
  return { fault: fault({ code: 'E_CONNECT', message, hint: OPENSSH }, error) };
}

/** The failure of a host that talks without end and never sends a banner. */
export function tooTalkative(target: Target): ConnectFailure {
  const message = `${called(target)} does not speak SSH: 64K of text came without an SSH banner`;
  return { fault: fault({ code: 'E_CONNECT', message, hint: 'check address and port' }) };
}

/** The failure of a login whose password must be changed first. */
export function passwordExpired(target: Target): ConnectFailure {
  const message = `the password of "${target.user}" on ${called(target)} has expired`;
  return {
    fault: fault({
      code: 'E_AUTH',
      message,
      hint: `log in by hand and change it: ssh ${target.user}@${target.address}`,
    }),
  };
}

function isDrop(error: ClientError | undefined): boolean {
  return error === undefined || error.code === 'ECONNRESET' || error.code === 'EPIPE' || error.level === 'protocol';
}

function dropped({ target, during, said }: HandshakeEnd): Problem {
  return {
    code: 'E_CONNECT',
    message: `${called(target)} closed the connection before ${during} was through${hostSaid(said)}`,
    hint: 'its sshd may be starting, too busy (MaxStartups) or keeping this address out (PerSourcePenalties, hosts.deny)',
  };
}

function loginProblem({ target, error, tried, said }: HandshakeEnd): Problem {
  const who = `"${target.user}" on ${called(target)}`;
  if (error?.level === 'client-authentication') {
    const hint = tried.offered.some((method) => ONLY_OPENSSH.has(method))
      ? 'check user and keys; for Kerberos and host-based logins: copse_transport: openssh'
      : 'check user and keys; ssh-add makes a key with a passphrase usable without asking';
    return { code: 'E_AUTH', message: `login refused for ${who}: ${tried.text}${hostSaid(said)}`, hint };
  }
  if (error?.code === TOO_MANY_FAILURES) {
    return {
      code: 'E_AUTH',
      message: `login refused for ${who}: too many keys were tried (${tried.text})${hostSaid(said)}`,
      hint: 'name the key with copse_identity and say copse_identities_only: true',
    };
  }
  const why = error === undefined ? 'the host closed the connection' : error.message;
  return { code: 'E_CONNECT', message: `the login of ${who} broke off: ${why}${hostSaid(said)}` };
}
