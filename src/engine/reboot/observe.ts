import { cmd, script, type Command } from '../../core/command.ts';
import type { DeploymentFact, OstreeFacts } from '../../core/facts.ts';
import { fault } from '../../core/problem.ts';
import { parseDeployments } from '../../facts/deployments.ts';
import type { StepContext } from '../step.ts';

/** What identifies a boot: the kernel's boot id, the deployments, and the units that had failed. */
export interface BootState {
  readonly bootId: string;
  readonly ostree: OstreeFacts | undefined;
  readonly failed: readonly string[];
}

const BOOT_ID = cmd('cat', '/proc/sys/kernel/random/boot_id');
const STATUS = script('command -v rpm-ostree >/dev/null || exit 3; exec rpm-ostree status --json');
const FAILED = script('systemctl list-units --state=failed --plain --no-legend --no-pager | cut -d " " -f 1');

/** Reads it in one round trip. Throws E_ANSWER on a host that does not tell its boot id. */
export async function readBootState(context: StepContext): Promise<BootState> {
  const questions: Record<string, Command> = { boot: BOOT_ID, status: STATUS, failed: FAILED };
  const answers = await context.session.ask(questions, context.as, context.signal);
  const bootId = answers['boot']?.stdout.trim() ?? '';
  if (bootId === '') {
    throw fault({ code: 'E_ANSWER', message: 'the host does not tell its boot id, so a reboot could not be proven' });
  }
  const status = answers['status'];
  return {
    bootId,
    ostree: status?.code === 0 ? parseDeployments(status.stdout) : undefined,
    failed: (answers['failed']?.stdout ?? '').split('\n').filter((unit) => unit !== ''),
  };
}

/** The deployment a plain reboot will boot: the first one, unless its finalization is locked. */
export function nextDeployment(ostree: OstreeFacts | undefined): DeploymentFact | undefined {
  if (ostree === undefined) return undefined;
  const first = ostree.deployments.find((one) => !one.locked);
  return first ?? ostree.booted;
}
