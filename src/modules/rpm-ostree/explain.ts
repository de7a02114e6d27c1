import type { Explain } from '../../core/step.ts';
import { errorIn, reasonIn, type Reason } from '../reasons.ts';

const LOGS = '"journalctl -u rpm-ostreed -n 50 --no-pager" on the host says more';

const REASONS: readonly Reason[] = [
  {
    sign: /Packages not found: (.+)/,
    code: 'E_COMMAND',
    say: ([, names = '']) => `no repository of the host has: ${names}`,
    hint: 'check the spelling and the repositories in /etc/yum.repos.d; "rpm-ostree refresh-md -f" reads them anew',
  },
  {
    sign: /error: [^\n]*\brepo '([^']+)'/,
    code: 'E_COMMAND',
    say: ([, repo = '']) => `the package repository "${repo}" cannot be read`,
    hint: 'look at the network, the proxy and the mirror; set enabled=0 for a repository that is gone: a single dead one stops every change',
  },
  {
    sign: /No space left on device|bootfs requires additional space|not enough (?:disk )?space/i,
    code: 'E_SPACE',
    say: () => 'a file system of the host is full',
    hint: 'see "df -h / /boot /sysroot"; "rpm-ostree cleanup -r -b -m" drops the rollback deployment and caches',
  },
  {
    sign: /Forbidden base package replacements|base packages would be (?:replaced|removed)|Could not depsolve[^]*from @System/i,
    code: 'E_SKEW',
    say: () => 'the packages need other versions of base packages than the image has',
    hint: 'image and repositories are of different days: upgrade the image first ("rpm-ostree upgrade"), or wait until the repositories match it',
  },
  {
    sign: /Could not depsolve transaction;[^\n]*\n((?:[ \t]+[^\n]+\n?)+)/,
    code: 'E_COMMAND',
    say: ([, why = '']) => `the packages cannot be installed together: ${inOneLine(why)}`,
    hint: 'two of them conflict, or one needs something that no repository has',
  },
  {
    sign: /LockLayering=true/,
    code: 'E_UNSUPPORTED',
    say: () => 'layering is locked on this host (LockLayering=true in /etc/rpm-ostreed.conf)',
    hint: 'put the packages into the image, or unlock layering and run "rpm-ostree reload"',
  },
  {
    sign: /Updates and deployments are driven by (.+?)(?:\n|$)/,
    code: 'E_BUSY',
    say: ([, driver = '']) => `updates of this host are driven by ${driver.trim()}`,
    hint: 'stop that service for the time of the change, and start it again afterwards',
  },
  {
    sign: /Transaction in progress: ?(.*)|System transaction in progress/,
    code: 'E_BUSY',
    say: ([, title = '']) => `another transaction is running${title.trim() === '' ? '' : `: ${title.trim()}`}`,
    hint: 'run the playbook again when it is done; copse never cancels the work of others',
  },
  {
    sign: /Reboot initiated, cannot start new transaction/,
    code: 'E_BUSY',
    say: () => 'the host is about to reboot',
    hint: 'run the playbook again when it is back',
  },
  {
    sign: /is already provided by: (\S+)\. Use --allow-inactive/,
    code: 'E_COMMAND',
    say: ([, nevra = '']) => `the image provides it already: ${nevra}`,
    hint: 'leave it out of "packages"',
  },
  {
    sign: /not allowed for user|Authorization error/,
    code: 'E_BECOME',
    say: () => 'this user may not change the packages of the host',
    hint: 'add "become: true"',
  },
  {
    sign: /chronologically older/,
    code: 'E_COMMAND',
    say: () => 'the newest image is older than the one the host has',
    hint: 'its maker went back, or the mirror is behind; "allow_downgrade: true" takes it anyway',
  },
  {
    sign: /Package "([^"]+)" not found/,
    code: 'E_COMMAND',
    say: ([, name = '']) => `the image has no package "${name}" that could be taken out`,
    hint: '"rpm -qa" on the host lists what there is; a layered package goes with "absent"',
  },
  {
    sign: /Package '([^']+)' is already in the base/,
    code: 'E_COMMAND',
    say: ([, nevra = '']) => `the image has just this build already: ${nevra}`,
    hint: 'leave the RPM out; another build of a package of the image goes into "overrides.replace"',
  },
  {
    sign: /Remote "([^"]+)" not found/,
    code: 'E_COMMAND',
    say: ([, remote = '']) => `the host knows no ostree remote "${remote}"`,
    hint: '"ostree remote list" on the host shows them; lay its file in /etc/ostree/remotes.d first',
  },
  {
    sign: /Multiple values for key '([^']+)' found/,
    code: 'E_COMMAND',
    say: ([, key = '']) => `the kernel argument "${key}" has got more values in the meantime`,
    hint: 'run the playbook again: the arguments are read anew',
  },
  {
    sign: /Reboot blocked by a systemd inhibitor lock/,
    code: 'E_BUSY',
    say: () => 'a reboot is blocked by an inhibitor lock',
    hint: '"systemd-inhibit --list" on the host names who holds it',
  },
  {
    sign: /Bus owner changed/,
    code: 'E_COMMAND',
    say: () =>
      'the daemon of rpm-ostree went away in the middle of the transaction, most often for lack of memory; what came of it is not known',
    hint: LOGS,
  },
  {
    sign: /run `(journalctl -t '[^'`]+')` for more information/,
    code: 'E_COMMAND',
    say: () => 'a script of a package failed; nothing was deployed',
    hint: LOGS,
  },
  {
    sign: /was not booted via libostree/,
    code: 'E_UNSUPPORTED',
    say: () => 'this system was not booted by ostree',
    hint: 'packages can be layered on hosts that run from an ostree deployment only',
  },
];

/** The lines of the solver, each a step of its reasoning, without its marks. */
function inOneLine(lines: string): string {
  const steps = lines.split('\n').map((line) => line.replace(/^\s*(?:Problem[^:]*: |- )?/, '').trimEnd());
  return steps
    .filter((step) => step !== '')
    .join('; ')
    .slice(0, 600);
}

/** Why a transaction of rpm-ostree failed. Its text is the only place where it says so; what is not known keeps the tool's own words. */
export const explain: Explain = (failed) => {
  const known = reasonIn(REASONS, failed);
  const error = errorIn(failed.stderr);
  if (known !== undefined || error === undefined) return known;
  return { message: `rpm-ostree failed (exit ${failed.code ?? 'unknown'}): ${error}`, hint: LOGS };
};
