import { fault as problem } from '../core/problem.ts';
import { nearest } from '../core/nearest.ts';
import { parseDuration } from '../core/units.ts';

/** What can go wrong on a simulated host; it stays so until it is cleared. */
export type Fault =
  | { readonly fault: 'refuse' }
  | { readonly fault: 'silent' }
  | { readonly fault: 'auth-refused' }
  | { readonly fault: 'host-key-changed' }
  | { readonly fault: 'hang' }
  | { readonly fault: 'drop'; readonly after: number }
  | { readonly fault: 'slow'; readonly ms: number }
  | { readonly fault: 'never-returns' }
  | { readonly fault: 'boots-old'; readonly cause: 'no-space' | 'etc-merge' }
  | { readonly fault: 'falls-back' }
  | { readonly fault: 'boot-menu' }
  | { readonly fault: 'comes-late'; readonly ms: number }
  | { readonly fault: 'boots-again'; readonly times: number }
  | { readonly fault: 'live-cut' }
  | { readonly fault: 'power-cut' }
  | { readonly fault: 'ignores-reboot' }
  | { readonly fault: 'reboot-blocked' }
  | { readonly fault: 'unhealthy'; readonly unit: string }
  | { readonly fault: 'busy'; readonly ms: number }
  | { readonly fault: 'daemon-crash' }
  | { readonly fault: 'package-missing'; readonly name: string }
  | { readonly fault: 'disk-full' }
  | { readonly fault: 'wrong-sudo-password' };

/** A fault's name. */
export type FaultName = Fault['fault'];

/** Every fault with what the host does, for help and documents. */
export const FAULTS: Readonly<Record<FaultName, string>> = {
  refuse: 'refuses TCP connections',
  silent: 'takes the TCP connection and never says a word',
  'auth-refused': 'refuses every key and password',
  'host-key-changed': 'shows another host key than the one in known_hosts',
  hang: 'takes commands and never answers',
  drop: 'cuts the connection in the middle of the Nth command from now (drop:N, default 1)',
  slow: 'answers everything later (slow:200ms)',
  'never-returns': 'goes down for a reboot and stays away',
  'boots-old':
    'fails to finalize the staged deployment and boots the old one (boots-old:no-space, boots-old:etc-merge)',
  'falls-back': 'finds the new deployment unhealthy three times and boots the old one again',
  'boot-menu': 'boots the old deployment because somebody chose it in the boot menu; the new one stays',
  'comes-late': 'takes longer to come back (comes-late:30s)',
  'boots-again': 'boots again by itself soon after a boot, so often (boots-again:N, default 1)',
  'live-cut': 'loses rpm-ostreed in the middle of the next live apply, once',
  'power-cut': 'loses power when told to reboot: nothing staged is finalized',
  'ignores-reboot': 'says yes to a reboot and does not do it',
  'reboot-blocked': 'refuses to reboot: somebody holds an inhibitor lock',
  unhealthy: 'has a failed unit after the next boot (unhealthy:chronyd.service)',
  busy: "runs somebody else's rpm-ostree transaction for a while (busy:30s)",
  'daemon-crash': 'loses rpm-ostreed in the middle of the next transaction, once',
  'package-missing': 'has no such package in its repositories (package-missing:tmux)',
  'disk-full': 'has no space left',
  'wrong-sudo-password': 'expects another sudo password',
};

/** Reads `boots-old` or `busy:30s`, as written on a command line; throws a Fault with E_USAGE. */
export function parseFault(text: string): Fault {
  const [name = '', value = ''] = text.split(/:(.*)/s);
  switch (name) {
    case 'drop':
      return { fault: 'drop', after: count(text, value === '' ? '1' : value) };
    case 'boots-again':
      return { fault: name, times: count(text, value === '' ? '1' : value) };
    case 'comes-late':
      return { fault: name, ms: duration(text, value === '' ? '30s' : value) };
    case 'slow':
    case 'busy':
      return { fault: name, ms: duration(text, value === '' && name === 'busy' ? '30s' : value || '200ms') };
    case 'boots-old':
      return { fault: name, cause: cause(text, value || 'no-space') };
    case 'unhealthy':
      return { fault: name, unit: value || 'chronyd.service' };
    case 'package-missing':
      return { fault: name, name: value || 'tmux' };
    default:
      return plain(name, value, text);
  }
}

type PlainName = Exclude<
  FaultName,
  'boots-again' | 'comes-late' | 'drop' | 'slow' | 'busy' | 'boots-old' | 'unhealthy' | 'package-missing'
>;

function plain(name: string, value: string, text: string): Fault {
  if (!Object.hasOwn(FAULTS, name)) {
    const near = nearest(name, Object.keys(FAULTS));
    throw wrong(
      text,
      'no such fault',
      near === undefined ? `one of ${Object.keys(FAULTS).join(', ')}` : `did you mean "${near}"?`,
    );
  }
  if (value !== '') throw wrong(text, `"${name}" takes no value`, `write "${name}"`);
  // The names with a value were told apart by the caller.
  return { fault: name as PlainName };
}

function duration(text: string, value: string): number {
  const ms = parseDuration(value);
  if (ms === undefined) throw wrong(text, `"${value}" is no duration`, 'write it as 200ms, 30s or 2m');
  return ms;
}

function count(text: string, value: string): number {
  if (!/^[1-9]\d{0,5}$/.test(value))
    throw wrong(text, `"${value}" is no number of commands`, 'write drop:1 for the next command');
  return Number(value);
}

function cause(text: string, value: string): 'no-space' | 'etc-merge' {
  if (value === 'no-space' || value === 'etc-merge') return value;
  throw wrong(text, `"${value}" is no cause`, 'write boots-old:no-space or boots-old:etc-merge');
}

function wrong(text: string, message: string, hint: string): Error {
  return problem({ code: 'E_USAGE', message: `fault "${text}": ${message}`, hint });
}
