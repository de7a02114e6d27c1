import type { HostOptions } from '../../src/sim/types.ts';
import type { Row } from './outcomes.ts';

/** The image that the hosts of these rows follow; they run its middle build. */
export const OS = 'quay.io/example/os:42';

/** One thing that can happen to a host between an upgrade of its image and the proof; `has` is whether the newest build runs. */
export interface BootcRow extends Row {
  readonly host?: Partial<HostOptions>;
}

/** The task of most rows. */
export const UPGRADE = '- {name: tools, bootc: {upgrade: true, reboot_timeout: 30s}}';
const upgrade = (more: string): string => `- {name: tools, bootc: {upgrade: true, reboot_timeout: 30s, ${more}}}`;
const NOTHING = { reboots: 0, transactions: 0, has: false } as const;
const SICK = 'health: {commands: [["false"]], deadline: 800ms, interval: 200ms}';

/** Every outcome of bootc, on a host that really runs it. */
export const BOOTC_ROWS: readonly BootcRow[] = [
  { name: 'all goes well', outcome: { result: 'updated' }, exit: 0, reboots: 1, transactions: 1, has: true },
  {
    name: 'finalize failed for lack of space',
    faults: [{ fault: 'boots-old', cause: 'no-space' }],
    outcome: { result: 'fell_back', cause: 'finalize' },
    says: /fell back: .*not finalized at shutdown .*No space left on device/,
    code: 'E_REBOOT',
    exit: 2,
    reboots: 1,
    transactions: 1,
    has: false,
  },
  {
    name: 'power cut before finalize',
    faults: [{ fault: 'power-cut' }],
    outcome: { result: 'fell_back', cause: 'power' },
    says: /power was lost/,
    exit: 2,
    reboots: 1,
    transactions: 1,
    has: false,
  },
  {
    name: 'greenboot goes back',
    faults: [{ fault: 'falls-back' }],
    outcome: { result: 'fell_back', cause: 'greenboot' },
    says: /greenboot went back/,
    exit: 2,
    reboots: 1,
    transactions: 1,
    has: false,
  },
  {
    name: 'the host never comes back',
    faults: [{ fault: 'never-returns' }],
    tasks: '- {name: tools, bootc: {upgrade: true, reboot_timeout: 3s}}',
    outcome: { result: 'never_returned', wasDown: true },
    says: /went down and did not come back within/,
    exit: 2,
    reboots: 1,
    transactions: 1,
    has: false,
  },
  {
    name: 'the reboot is blocked by an inhibitor',
    faults: [{ fault: 'reboot-blocked' }],
    outcome: { result: 'blocked' },
    says: /inhibitor lock/,
    exit: 2,
    reboots: 0,
    transactions: 1,
    has: false,
  },
  {
    name: 'another image is staged over ours before the reboot is sent',
    when: { type: 'reboot-intent', run: 'bootc switch quay.io/example/other:1' },
    outcome: { result: 'foreign_stage' },
    says: /was not rebooted: .*somebody else changed the deployments/,
    code: 'E_BUSY',
    exit: 2,
    reboots: 0,
    transactions: 2,
    has: false,
  },
  {
    name: 'the new image is not healthy, and the host goes back',
    tasks: upgrade(
      'rollback: on_failure, health: {commands: [[grep, -q, "6.15.9", /proc/sys/kernel/osrelease]], deadline: 800ms, interval: 200ms}',
    ),
    outcome: { result: 'rolled_back', after: { result: 'unhealthy' } },
    says: /brought back to .* which is proven to run/,
    exit: 2,
    reboots: 2,
    transactions: 1,
    has: false,
  },
  {
    name: 'what failed here before is not booted again by accident',
    tasks: `- {name: first, ignore_errors: true, bootc: {upgrade: true, rollback: on_failure, ${SICK}}}\n- debug: {msg: between}\n${UPGRADE}`,
    says: /going back failed|brought back/,
    exit: 2,
    reboots: 2,
    transactions: 2,
    has: false,
  },
  {
    name: 'userspace alone is restarted, which is proven by the deployment',
    host: { sameKernel: true },
    tasks: upgrade('soft_reboot: required'),
    outcome: { result: 'updated' },
    exit: 0,
    reboots: 1,
    transactions: 1,
    has: true,
  },
  {
    name: 'an image with another kernel is not booted where only userspace may be restarted',
    tasks: upgrade('soft_reboot: required'),
    says: /after the steps: the new image is staged, but needs a whole reboot/,
    exit: 2,
    reboots: 0,
    transactions: 1,
    has: false,
  },
  {
    name: 'layered packages are refused, with the task to write instead',
    host: { packages: ['tmux'] },
    says: /was changed by rpm-ostree/,
    hints: /rpm_ostree: \{upgrade: true\}/,
    code: 'E_UNSUPPORTED',
    exit: 2,
    ...NOTHING,
  },
  {
    name: 'a host that follows an ostree ref is refused, with the task to write instead',
    host: { image: '' },
    says: /follows an ostree ref and no container image/,
    hints: /rpm_ostree: \{upgrade: true\}/,
    exit: 2,
    ...NOTHING,
  },
  {
    name: 'there is no space for the image',
    tasks: '- {name: tools, bootc: {image: "quay.io/huge/os:42"}}',
    says: /a file system of the host is full/,
    code: 'E_SPACE',
    exit: 2,
    reboots: 0,
    transactions: 1,
    has: false,
  },
  {
    name: 'the registry wants a login',
    tasks: '- {name: tools, bootc: {image: "quay.io/private/os:42"}}',
    says: /the registry does not let the host have the image/,
    hints: /\/etc\/ostree\/auth\.json/,
    exit: 2,
    reboots: 0,
    transactions: 1,
    has: false,
  },
  {
    name: 'the registry has no such tag',
    tasks: '- {name: tools, bootc: {image: "quay.io/example/os:no-such-tag"}}',
    says: /no such image or tag/,
    exit: 2,
    reboots: 0,
    transactions: 1,
    has: false,
  },
  {
    name: 'the image is not signed as the policy demands',
    tasks: '- {name: tools, bootc: {image: "quay.io/unsigned/os:42", enforce_container_sigpolicy: true}}',
    says: /not signed as the policy of the host demands/,
    exit: 2,
    reboots: 0,
    transactions: 1,
    has: false,
  },
  {
    name: 'a transaction of somebody else is waited for',
    faults: [{ fault: 'busy', ms: 1200 }],
    outcome: { result: 'updated' },
    exit: 0,
    reboots: 1,
    transactions: 2,
    has: true,
  },
];
