import { cmd, script } from '../../core/command.ts';
import type { RebootStep, Step, TransactionStep } from '../../core/step.ts';
import { activationOf } from '../activation-params.ts';
import { pullStep as pull } from '../ostree-pull.ts';
import { ostreeStep, type Tool } from '../ostree-tool.ts';
import { DOWN_MS } from '../rpm-ostree-tool.ts';
import type { Params } from './schema.ts';
import type { Target } from './target.ts';

/** Ends so where the ref brought nothing new. */
const UNCHANGED = 77;

/** Brings a ref, or a certain commit of it, from its remote. */
export function pullStep(want: Params, { source }: Target): TransactionStep {
  const { remote, branch, commit } = source;
  const what = commit === '' ? branch : `${branch}@${commit}`;
  return pull(want, { remote, what, mayBeOlder: want.allow_downgrade || !want.upgrade });
}

// An origin file keeps the ref that is followed while a certain commit of it is deployed.
const DEPLOY = `ref=$1 commit=$2 unless=$3
shift 3
if [ -z "$commit" ]; then
  if [ -n "$unless" ] && [ "$(ostree rev-parse "$ref")" = "$unless" ]; then exit ${UNCHANGED}; fi
  exec ostree admin deploy "$@" "$ref"
fi
[ -n "$ref" ] || exec ostree admin deploy "$@" "$commit"
origin=$(mktemp) || exit
trap 'rm -f "$origin"' EXIT
printf '[origin]\\nrefspec=%s\\n' "$ref" >"$origin" || exit
ostree admin deploy --origin-file="$origin" "$@" "$commit"`;

/** How a new deployment is made. */
export interface Deploying {
  readonly target: Target;
  readonly tool: Tool;
  /** All its kernel arguments; undefined where those of the running deployment are right. */
  readonly kargs: readonly string[] | undefined;
  /** Commit that needs no new deployment, should the ref point at it; empty where one is needed in any case. */
  readonly unless: string;
}

/** Makes a deployment: staged, and locked where it is to be booted at once, as far as the tool can. */
export function deployStep(want: Params, { target, tool, kargs, unless }: Deploying): TransactionStep {
  const { os, source, mustPull } = target;
  // What was pulled for an upgrade may be newer than what was seen before.
  const commit = want.upgrade && mustPull ? '' : target.commit;
  const options = [
    `--os=${os}`,
    ...stagingOptions(want, tool),
    ...(want.retain ? ['--retain'] : []),
    ...(kargs === undefined ? [] : ['--karg-none', ...kargs.map((token) => `--karg-append=${token}`)]),
  ];
  const name =
    source.ref === ''
      ? commit.slice(0, 10)
      : [source.ref, commit.slice(0, 10)].filter((part) => part !== '').join(' at ');
  const command = script(DEPLOY, source.ref, commit, unless, ...options);
  return { ...ostreeStep(want, `deploy ${name}`, command), ...(unless === '' ? {} : { unchangedCodes: [UNCHANGED] }) };
}

function stagingOptions(want: Params, tool: Tool): readonly string[] {
  if (want.activate === 'reboot' && canLock(tool)) return ['--lock-finalization'];
  return tool.takes('deploy', '--stage') ? ['--stage'] : [];
}

/** Finalization can be locked, and unlocked again. */
function canLock(tool: Tool): boolean {
  return tool.takes('deploy', '--lock-finalization') && tool.verbs.has('lock-finalization');
}

/** Makes the folders of a stateroot. */
export function stateroot(os: string): Step {
  return { do: 'run', say: `make the stateroot ${os}`, command: cmd('ostree', 'admin', 'os-init', os) };
}

/** Boots what waits and proves it. */
export function rebootStep(want: Params, activates: NonNullable<RebootStep['activates']>): RebootStep {
  return {
    do: 'reboot',
    say: 'reboot into the new deployment and prove it',
    timeoutMs: want.reboot_timeout,
    downTimeoutMs: DOWN_MS,
    activates,
    ...activationOf(want),
  };
}
