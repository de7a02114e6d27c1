import type { Answer } from '../../core/answer.ts';
import { script, type Command } from '../../core/command.ts';
import { readUpdaters, TELL_UPDATERS, type Updaters } from '../other-updaters.ts';

/** Who else drives the deployments of a host, and what this rpm-ostree can do. */
export interface Around extends Updaters {
  /** A deployment can be staged so that only the command that unlocks it lets it boot. */
  readonly canLock: boolean;
  /** The staged deployment is locked; the status of rpm-ostree does not always tell. */
  readonly isLocked: boolean;
}

const ASK = `rpm-ostree "$1" --help 2>/dev/null | grep -q -e --lock-finalization && echo can-lock
ostree admin status 2>/dev/null | grep -q '(finalization locked)' && echo is-locked
${TELL_UPDATERS}`;

/** Asks for it in one script. */
export function aroundQuestion(): Command {
  return script(ASK, 'install');
}

/** What the lines mean; nothing is known of a host that was not asked. */
export function readAround(answer: Answer | undefined): Around {
  const lines = (answer?.stdout ?? '').split('\n').map((line) => line.trim());
  return { ...readUpdaters(answer), canLock: lines.includes('can-lock'), isLocked: lines.includes('is-locked') };
}
