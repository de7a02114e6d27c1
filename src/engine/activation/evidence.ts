import { cmd, script, type Command } from '../../core/command.ts';
import type { StepContext } from '../step-context.ts';
import type { Evidence } from './classify.ts';

const JOURNAL = ['journalctl', '--no-pager', '-q', '-o', 'cat'] as const;
/** The second one is that of hosts whose deployments are kept by composefs. */
const FINALIZE_UNITS = ['ostree-finalize-staged.service', 'bootc-finalize-staged.service'];
const FALLBACK_UNITS = ['greenboot-rpm-ostree-grub2-check-fallback.service', 'greenboot-rollback.service'];

const QUESTIONS: Readonly<Record<string, Command>> = {
  finalize: cmd(...JOURNAL, '-b', '-1', '-p', '3', '-n', '3', ...FINALIZE_UNITS.flatMap((unit) => ['-u', unit])),
  complete: script(`systemctl is-failed --quiet ostree-boot-complete.service || exit 1
${JOURNAL.join(' ')} -b -p 3 -n 3 -u ostree-boot-complete.service`),
  // Anything at all of the finalization in the boot before: on a journal that does not go back that far nobody knows.
  written: script(`${JOURNAL.join(' ')} -b -1 -n 1 | grep -q . || exit 2
${JOURNAL.join(' ')} -b -1 -n 1 ${FINALIZE_UNITS.map((unit) => `-u ${unit}`).join(' ')} | grep -q .`),
  greenboot: cmd(...JOURNAL, '-b', '-p', '4', '-n', '1', ...FALLBACK_UNITS.flatMap((unit) => ['-u', unit])),
};

/** Asks a host that booted the old deployment why. */
export async function readEvidence(context: StepContext): Promise<Evidence> {
  const answers = await context.session.ask(QUESTIONS, context.as, context.signal);
  const said = (name: string): string => (answers[name]?.code === 0 ? answers[name].stdout.trim() : '');
  const written = answers['written']?.code;
  return {
    finalize: said('finalize'),
    bootComplete: answers['complete']?.code === 0 ? said('complete') || 'ostree-boot-complete.service failed' : '',
    wasWritten: written === 0 ? true : written === 1 ? false : undefined,
    greenboot: said('greenboot'),
  };
}
