import { script } from '../../core/command.ts';
import type { DeploymentFact, OstreeFacts } from '../../core/facts.ts';
import { patiently } from '../patience.ts';
import type { StepContext } from '../step-context.ts';
import type { Outcome } from './outcome.ts';

/** On the host, so that every copse that comes knows: one line per deployment, tab between the fields. */
const READ = script('cat /var/lib/copse/denied 2>/dev/null; :');
const WRITE = `mkdir -p /var/lib/copse || exit 1
printf '%s\\t%s\\t%s\\n' "$1" "$2" "$3" >>/var/lib/copse/denied && sync /var/lib/copse/denied 2>/dev/null
:`;

/**
 * What a deployment was made from, so that the same change made anew is known again although its checksum differs. Undefined for
 * one that only differs from the running one in what cannot be read here (kernel arguments): it is never denied.
 */
export function recipeOf(one: DeploymentFact, running: DeploymentFact): string | undefined {
  if (one.checksum === running.checksum) return undefined;
  const requests = [...one.requested_packages, ...one.local_packages].sort();
  return [one.base_checksum, ...requests].join(' ');
}

/** The reason why a deployment is denied on this host; undefined when it is not. */
export async function deniedBefore(
  one: DeploymentFact,
  running: DeploymentFact,
  context: StepContext,
): Promise<string | undefined> {
  const recipe = recipeOf(one, running);
  if (recipe === undefined) return undefined;
  const answers = await context.session.ask({ denied: READ }, context.as, context.signal);
  const lines = (answers['denied']?.stdout ?? '').split('\n').map((line) => line.split('\t'));
  return lines.findLast(([id, made]) => id === one.id || made === recipe)?.[2];
}

/** True for an outcome that is evidence against the deployment itself, and not against the host or against us. */
export function isEvidence(outcome: Outcome): boolean {
  if (outcome.result === 'fell_back') return outcome.cause === 'greenboot' || outcome.cause === 'boot-loader';
  return outcome.result === 'unhealthy';
}

/** Writes a deployment that failed into the host's list. */
export async function deny(id: string, ostree: OstreeFacts, why: string, context: StepContext): Promise<void> {
  const one = ostree.deployments.find((other) => other.id === id);
  const running = ostree.booted.id === id ? ostree.deployments.find((other) => other.id !== id) : ostree.booted;
  const recipe = one === undefined || running === undefined ? undefined : recipeOf(one, running);
  if (recipe === undefined) return;
  const reason = why.replaceAll(/[\t\n\r]+/g, ' ').slice(0, 300);
  const { as, signal, emit, ref } = context;
  const write = script(WRITE, id, recipe, reason);
  await patiently(context, () => context.session.run(write, { as, signal, deadlineMs: 30_000 }));
  await emit({ type: 'note', host: ref.host, ref, text: 'the deployment is denied on this host from now on' });
}
