import type { HostOptions } from '../../src/sim/types.ts';
import type { Row } from './outcomes.ts';

/**
 * One thing that can happen to a host between an upgrade with ostree and the proof. `has` is whether the newest build runs, and
 * `transactions` are those of rpm-ostree's daemon: ostree itself has none.
 */
export interface OstreeRow extends Row {
  readonly host?: Partial<HostOptions>;
  /** How often ostree made a deployment. */
  readonly deploys: number;
  /** What is staged afterwards, and whether a boot would bring it; nothing when absent. */
  readonly staged?: 'locked' | 'open';
}

/** The ref that the hosts of these rows follow; they run its middle build. */
export const REF = 'fedora-iot:fedora/stable/x86_64/iot';
/** The task of most rows. */
export const UPGRADE = '- {name: tools, ostree: {upgrade: true, reboot_timeout: 30s}}';
const upgrade = (more: string): string => `- {name: tools, ostree: {upgrade: true, reboot_timeout: 30s, ${more}}}`;
const SICK = 'health: {commands: [[grep, -q, "6.15.9", /proc/sys/kernel/osrelease]], deadline: 800ms, interval: 200ms}';
const FIRST = `- {name: first, ignore_errors: true, ostree: {upgrade: true, rollback: on_failure, ${SICK}}}\n- debug: {msg: between}\n`;
const WITH_RPM_OSTREE = { isPlainOstree: false } as const;
const ONCE = { exit: 2, reboots: 1, transactions: 0, deploys: 1, has: false } as const;
const UPDATED = {
  outcome: { result: 'updated' },
  exit: 0,
  reboots: 1,
  transactions: 0,
  deploys: 1,
  has: true,
} as const;

/** Every outcome of ostree, on a host that really runs it. */
export const OSTREE_ROWS: readonly OstreeRow[] = [
  { name: 'all goes well', ...UPDATED },
  { name: 'all goes well on a host with rpm-ostree', host: WITH_RPM_OSTREE, ...UPDATED },
  {
    name: 'what is staged is booted by a task of its own',
    tasks: `- {name: stage, ostree: {upgrade: true, activate: stage}}\n- {name: tools, reboot: {timeout: 30s}}`,
    ...UPDATED,
  },
  {
    name: 'staging alone sends no reboot',
    tasks: '- {name: tools, ostree: {upgrade: true, activate: stage}}',
    exit: 0,
    reboots: 0,
    transactions: 0,
    deploys: 1,
    has: false,
    staged: 'open',
  },
  {
    name: 'finalize failed for lack of space',
    faults: [{ fault: 'boots-old', cause: 'no-space' }],
    outcome: { result: 'fell_back', cause: 'finalize' },
    says: /fell back: .*not finalized at shutdown .*No space left on device/,
    hints: /ostree-finalize-staged.*df -h \/boot/,
    code: 'E_REBOOT',
    ...ONCE,
  },
  {
    name: 'finalize failed while merging /etc',
    faults: [{ fault: 'boots-old', cause: 'etc-merge' }],
    outcome: { result: 'fell_back', cause: 'finalize' },
    says: /Merging \/etc/,
    hints: /ostree admin config-diff/,
    ...ONCE,
  },
  {
    name: 'power cut before finalize',
    faults: [{ fault: 'power-cut' }],
    outcome: { result: 'fell_back', cause: 'power' },
    says: /power was lost, or the reboot was forced/,
    hints: /stage the change anew/,
    ...ONCE,
  },
  {
    name: 'greenboot goes back after three boots',
    faults: [{ fault: 'falls-back' }],
    outcome: { result: 'fell_back', cause: 'greenboot' },
    says: /greenboot went back/,
    hints: /greenboot-healthcheck/,
    ...ONCE,
  },
  {
    name: 'somebody chose the old one in the boot menu',
    faults: [{ fault: 'boot-menu' }],
    outcome: { result: 'fell_back', cause: 'boot-loader' },
    says: /the boot loader started the old one/,
    hints: /boot menu.*"ostree admin status"/,
    ...ONCE,
  },
  {
    name: 'somebody chose the deployment without the new kernel argument, which is denied to nobody',
    tasks: '- {name: tools, ostree: {kargs: {append: [lab.new=1]}, reboot_timeout: 30s}}',
    faults: [{ fault: 'boot-menu' }],
    outcome: { result: 'fell_back', cause: 'boot-loader' },
    says: /fell back/,
    ...ONCE,
  },
  {
    name: 'a foreign deployment is staged under ours before the reboot is sent',
    when: { type: 'reboot-intent', run: `ostree admin deploy --stage --karg-append=lab.foreign=1 ${REF}` },
    outcome: { result: 'foreign_stage' },
    says: /was not rebooted: .* would boot, not .*somebody else changed/,
    hints: /"ostree admin status"/,
    code: 'E_BUSY',
    exit: 2,
    reboots: 0,
    transactions: 0,
    deploys: 2,
    has: false,
    staged: 'open',
  },
  {
    name: 'our stage is dropped by somebody before the reboot is sent',
    when: { type: 'reboot-intent', run: 'ostree admin undeploy 0' },
    outcome: { result: 'foreign_stage' },
    says: /somebody else changed the deployments meanwhile/,
    exit: 2,
    reboots: 0,
    transactions: 0,
    deploys: 1,
    has: false,
  },
  {
    name: "somebody's locked stage is not set loose by new kernel arguments",
    before: `sh -c "ostree pull fedora-iot fedora/stable/x86_64/iot && ostree admin deploy --lock-finalization ${REF}"`,
    tasks: '- {name: tools, ostree: {kargs: {append: [lab.new=1]}, reboot_timeout: 30s}}',
    says: /is staged and waits for its own time/,
    hints: /undeploy: pending/,
    code: 'E_BUSY',
    exit: 2,
    reboots: 0,
    transactions: 0,
    deploys: 1,
    has: false,
    staged: 'locked',
  },
  {
    name: "somebody's locked stage of the wished commit is unlocked and booted",
    before: `sh -c "ostree pull fedora-iot fedora/stable/x86_64/iot && ostree admin deploy --lock-finalization ${REF}"`,
    ...UPDATED,
  },
  {
    name: 'the reboot is blocked by an inhibitor, and what is staged stays locked',
    faults: [{ fault: 'reboot-blocked' }],
    outcome: { result: 'blocked' },
    says: /inhibitor lock against shutting down; nothing was sent/,
    hints: /systemd-inhibit --list/,
    code: 'E_BUSY',
    exit: 2,
    reboots: 0,
    transactions: 0,
    deploys: 1,
    has: false,
    staged: 'locked',
  },
  {
    name: 'the host says yes, does not reboot, and the new deployment is set to boot',
    faults: [{ fault: 'ignores-reboot' }],
    tasks:
      '- {name: stage, ostree: {upgrade: true, activate: stage}}\n- {name: tools, reboot: {down_timeout: 600ms, timeout: 5s}}',
    outcome: { result: 'did_not_reboot', isSet: true },
    says: /any later reboot will apply it/,
    ...ONCE,
    staged: 'open',
  },
  {
    name: 'the host never comes back',
    faults: [{ fault: 'never-returns' }],
    tasks: '- {name: tools, ostree: {upgrade: true, reboot_timeout: 3s}}',
    outcome: { result: 'never_returned', wasDown: true },
    says: /went down and did not come back within/,
    hints: /console/,
    ...ONCE,
  },
  {
    name: 'the host comes back after the deadline',
    faults: [{ fault: 'comes-late', ms: 6000 }],
    tasks: '- {name: tools, ostree: {upgrade: true, reboot_timeout: 1s}}',
    outcome: { result: 'never_returned' },
    says: /did not come back within/,
    ...ONCE,
  },
  { name: 'the host comes back late, and in time', faults: [{ fault: 'comes-late', ms: 1500 }], ...UPDATED },
  {
    name: 'another machine answers after the reboot',
    when: { type: 'reboot-intent', run: 'FAULT host-key-changed' },
    outcome: { result: 'not_ours' },
    says: /the host is back, but: /,
    ...ONCE,
    has: true,
  },
  {
    name: 'the connection is cut while the commit is pulled, which is done once',
    when: { type: 'step-start', run: 'FAULT drop:1' },
    ...UPDATED,
  },
  {
    name: 'a unit failed newly',
    faults: [{ fault: 'unhealthy', unit: 'chronyd.service' }],
    tasks: upgrade('health: {interval: 200ms, deadline: 3s}'),
    outcome: { result: 'unhealthy' },
    says: /is not healthy after .*chronyd\.service|boot-complete/,
    ...ONCE,
    has: true,
  },
  {
    name: 'a check of health fails, and the host goes back',
    tasks: upgrade(`rollback: on_failure, ${SICK}`),
    outcome: { result: 'rolled_back', after: { result: 'unhealthy' } },
    says: /brought back to .* which is proven to run/,
    hints: /retry_denied/,
    ...ONCE,
    reboots: 2,
  },
  {
    name: 'a host that is sick in every deployment goes back once, and no further',
    tasks: upgrade('rollback: on_failure, health: {commands: [["false"]], deadline: 800ms, interval: 200ms}'),
    outcome: { result: 'rollback_failed', after: { result: 'unhealthy' }, rollback: { result: 'unhealthy' } },
    says: /going back failed: /,
    hints: /no third reboot/,
    ...ONCE,
    reboots: 2,
  },
  {
    name: 'what failed here before is not booted again by accident',
    tasks: `${FIRST}${UPGRADE}`,
    outcome: { result: 'denied' },
    says: /brought back to/,
    ...ONCE,
    reboots: 2,
    deploys: 2,
    staged: 'locked',
  },
  {
    name: 'what failed here before is booted again when that is asked',
    tasks: `${FIRST}${upgrade('retry_denied: true')}`,
    outcome: { result: 'updated' },
    says: /brought back/,
    exit: 0,
    reboots: 3,
    transactions: 0,
    deploys: 2,
    has: true,
  },
  {
    name: 'the deployment of before is booted by name',
    tasks: '- {name: tools, ostree: {set_default: "42.20260803.0", reboot_timeout: 30s}}',
    outcome: { result: 'updated' },
    exit: 0,
    reboots: 1,
    transactions: 0,
    deploys: 0,
    has: false,
  },
  {
    name: 'a transaction of rpm-ostree runs, and is waited for',
    host: WITH_RPM_OSTREE,
    faults: [{ fault: 'busy', ms: 1200 }],
    ...UPDATED,
    transactions: 1,
  },
  {
    name: 'a transaction of rpm-ostree runs for too long',
    host: WITH_RPM_OSTREE,
    faults: [{ fault: 'busy', ms: 20_000 }],
    tasks: upgrade('busy_timeout: 500ms'),
    says: /a transaction of rpm-ostree is running.*: still so after 500ms/,
    code: 'E_BUSY',
    exit: 2,
    reboots: 0,
    transactions: 1,
    deploys: 0,
    has: false,
  },
  {
    name: 'the remote cannot be reached',
    before: 'sh -c "sed -i s,ostree.fedoraproject.org,mirror.invalid, /etc/ostree/remotes.d/fedora-iot.conf"',
    says: /the server of the remote cannot be reached/,
    hints: /what has come already is kept/,
    exit: 2,
    reboots: 0,
    transactions: 0,
    deploys: 0,
    has: false,
  },
];
