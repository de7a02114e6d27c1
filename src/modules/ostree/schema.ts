import { z } from 'zod';
import { DEPLOYING } from '../activation-params.ts';
import { Kargs, KARGS_RULES, KARGS_TEXT } from '../kargs-params.ts';
import { commitSource } from '../ostree-names.ts';
import { listOf, obey, type Rule } from '../params.ts';

const FLAG = { error: 'expected true or false' };

function deployment(what: string): z.ZodType<string, string> {
  const error = `expected ${what}`;
  return z
    .string({ error })
    .regex(/^[A-Za-z0-9][\w.:+~^-]*$/, { error })
    .meta({ title: 'deployment' });
}

const NAMED = '"booted", or the version, checksum or id of a deployment';

/** Words that copse cannot bring about with ostree alone. */
const LIVE =
  'ostree cannot put a deployment into the running system: expected activate: reboot or stage; rpm_ostree can apply packages live, "unlock" makes /usr writable';

const Shape = z.strictObject({
  deploy: commitSource()
    .optional()
    .describe(
      'What must boot: a ref, as the repository has it; REF@COMMIT, a certain commit of it; or a commit. A ref or commit that is not there is pulled from its remote.',
    ),
  upgrade: z
    .boolean(FLAG)
    .default(false)
    .describe('Pulls the ref that the host follows, or that "deploy" names, so that its newest commit boots.'),
  allow_downgrade: z
    .boolean(FLAG)
    .default(false)
    .describe('Lets an upgrade go to an older commit, where the maker of the ref went back.'),
  kargs: Kargs.optional().describe(KARGS_TEXT),
  os: z
    .string()
    .regex(/^[A-Za-z0-9_][\w.-]*$/, { error: 'expected the name of a stateroot such as "fedora-iot"' })
    .optional()
    .describe(
      'Stateroot to deploy into, made when it is missing, with the kernel arguments of the booted deployment; that of the booted system when nothing is said.',
    ),
  retain: z
    .boolean(FLAG)
    .default(false)
    .describe('Keeps every deployment there is; otherwise the booted and the pinned ones stay beside the new one.'),
  set_default: deployment('the version, checksum or id of a deployment')
    .optional()
    .describe('Deployment of the host that must boot: its version, checksum or id; see "ostree admin status".'),
  undeploy: listOf(deployment('"pending", "rollback", or the version, checksum or id of a deployment'))
    .optional()
    .describe(
      'Deployments that must be gone: a version, checksum or id; "pending", what waits before the booted one; "rollback", what comes after it. Each must be named in "allow_destroy" too.',
    ),
  pinned: listOf(deployment(NAMED))
    .optional()
    .describe('Deployments that no update removes: "booted", a version, checksum or id.'),
  unpinned: listOf(deployment(NAMED))
    .optional()
    .describe('Deployments that need not stay: "booted", a version, checksum or id; one that is not there is fine.'),
  unlock: z
    .enum(['development', 'hotfix', 'transient'])
    .optional()
    .describe(
      'Makes /usr of the running system writable. development: until the next boot. hotfix: also after it; the deployment as it was stays as the way back. transient: until the next boot, and only for processes that mount it so.',
    ),
  activate: z
    .enum(['stage', 'reboot'], {
      error: ({ input }) => (input === 'live' || input === 'live_or_reboot' ? LIVE : 'expected "stage" or "reboot"'),
    })
    .default('reboot')
    .describe('reboot: boot what is deployed at once and prove it. stage: leave it for the next boot.'),
  ...DEPLOYING,
});
type Shape = z.infer<typeof Shape>;

/** True when a task wishes another content of what boots. */
export function wishesTree({ deploy, upgrade, kargs }: Shape): boolean {
  return upgrade || deploy !== undefined || Object.values(kargs ?? {}).some((list) => list.length > 0);
}

/** True when a task may change what boots, and so reboot. */
export function wishesBoot(want: Shape): boolean {
  return wishesTree(want) || want.set_default !== undefined;
}

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'deploy',
    wrong: (want) => {
      const lists = [want.undeploy, want.pinned, want.unpinned];
      return !wishesBoot(want) && want.unlock === undefined && lists.every((list) => (list ?? []).length === 0);
    },
    say: 'nothing is wished: expected "deploy", "upgrade", "kargs", "set_default", "undeploy", "pinned", "unpinned" or "unlock"',
  },
  {
    at: 'set_default',
    wrong: (want) => want.set_default !== undefined && wishesTree(want),
    say: '"set_default" boots a deployment as it is: write other wishes into a task of their own',
  },
  {
    at: 'unlock',
    wrong: (want) => want.unlock !== undefined && wishesBoot(want),
    say: '"unlock" is for the running system: deploy in a task of its own',
  },
  {
    at: 'upgrade',
    wrong: ({ upgrade, deploy = '' }) => upgrade && /(?:@|^[0-9a-f]{64}$)/.test(deploy),
    say: '"upgrade" goes to the newest commit and "deploy" to a certain one: expected one of them',
  },
  {
    at: 'allow_downgrade',
    wrong: ({ upgrade, allow_downgrade: isAllowed }) => isAllowed && !upgrade,
    say: '"allow_downgrade" is for "upgrade"; "deploy" may go to an older commit anyway',
  },
  {
    at: 'os',
    wrong: (want) => want.os !== undefined && !wishesTree(want),
    say: '"os" is for "deploy", "upgrade" and "kargs"',
  },
  {
    at: 'retain',
    wrong: (want) => want.retain && !wishesTree(want),
    say: '"retain" is for "deploy", "upgrade" and "kargs"',
  },
  {
    at: 'unpinned',
    wrong: ({ pinned, unpinned }) => (pinned ?? []).some((one) => (unpinned ?? []).includes(one)),
    say: 'a deployment cannot be wished both pinned and unpinned',
  },
  {
    at: 'undeploy',
    wrong: ({ undeploy, pinned, set_default: first = '' }) =>
      (undeploy ?? []).some((one) => one === 'booted' || [...(pinned ?? []), first].includes(one)),
    say: 'the booted deployment, and one that is to stay or to boot, cannot be undeployed',
  },
  {
    at: 'activate',
    wrong: (want) =>
      want.activate === 'stage' && (want.health !== undefined || want.rollback !== 'never' || want.retry_denied),
    say: '"health", "rollback" and "retry_denied" are for a reboot: expected activate: reboot',
  },
  ...KARGS_RULES,
];

/** The wish of the `ostree` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `ostree` module. */
export type Params = z.infer<typeof Params>;
