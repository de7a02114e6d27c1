import type { Fault } from '../core/problem.ts';
import { fault } from '../core/problem.ts';
import { printable } from '../core/bytes.ts';
import type { Target } from '../core/target.ts';
import { called } from './connect-fault.ts';

/**
 * The fault of an `ssh` that did not log in. It always exits with 255, so how far it came is read from the protocol
 * messages in its debug log; what it says goes to the person as it is.
 */
export function masterFailure(target: Target, log: string): Fault {
  const said = sayings(log).slice(-6).join('; ') || 'it said nothing';
  const sawKey = log.includes('debug1: Server host key:');
  const agreed = log.includes('debug1: SSH2_MSG_NEWKEYS received');
  const message = `ssh could not log in to ${called(target)}: ${said}`;
  if (agreed)
    return fault({ code: 'E_AUTH', message, hint: `try it by hand: ssh -v ${target.user}@${target.address}` });
  if (sawKey) return fault({ code: 'E_HOSTKEY', message, hint: 'compare the fingerprint before you trust the host' });
  return fault({ code: 'E_CONNECT', message, hint: `try it by hand: ssh -v ${target.user}@${target.address}` });
}

/** What ssh said to people in its log: every line that is no debug line. */
export function sayings(log: string): string[] {
  return printable(log)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^debug\d:/.test(line) && !/^@+$/.test(line) && !line.startsWith('OpenSSH_'));
}

/** How ssh got in, for one line: its version and how it was authenticated. */
export function masterDetail(target: Target, log: string): string {
  const version = /debug1: Local version string SSH-2\.0-(\S+)/.exec(log)?.[1] ?? 'ssh';
  const kex = /debug1: kex: algorithm: (\S+)/.exec(log)?.[1];
  const key = /debug1: Server host key: (\S+ \S+)/.exec(log)?.[1];
  const how = /^Authenticated to .* using "([^"]+)"/m.exec(log)?.[1];
  const parts = [how === undefined ? '' : ` by ${how}`, kex === undefined ? '' : `, ${kex}`];
  return `${target.user}@${called(target)} over ${version}${parts.join('')}${key === undefined ? '' : `, host key ${key}`}`;
}
