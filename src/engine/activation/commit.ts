import { exitCode } from '../../core/answer.ts';
import { cmd, script, type Command } from '../../core/command.ts';
import type { RebootStep } from '../../core/step.ts';
import type { StepContext } from '../step-context.ts';
import type { Journey, Outcome } from './outcome.ts';

const FOREIGN = 121;
const BLOCKED = 122;

// The deployment is looked at once more on the host itself, so that nothing can come between the look and the reboot. The lines
// of "ostree admin status" that begin a deployment are marked by their form, not by words. The mark lies in /run: the boot takes it away.
// What is locked does not boot, unless this command unlocks it.
const COMMIT = `name=$1 expected=$2 locked=$3
shift 3
if [ -n "$expected" ]; then
  found=$(ostree admin status 2>/dev/null | { [ "$locked" = ours ] && cat || grep -v '(finalization locked)'; } | sed -n 's/^[* ] \\([^ ]*\\) \\([0-9a-f]\\{64\\}\\.[0-9][0-9]*\\).*/\\1-\\2/p' | head -n 1)
  if [ -n "$found" ] && [ "$found" != "$expected" ]; then echo "$found"; exit ${FOREIGN}; fi
fi
case $(busctl get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager BlockInhibited 2>/dev/null) in
  *shutdown*) exit ${BLOCKED} ;;
esac
: >"/run/copse-reboot-$name" || exit 125
exec "$@"`;

/** Exit 0 where a reboot of that name was sent in this boot. */
export function wasSentQuestion(name: string): Command {
  return script('[ -e "/run/copse-reboot-$1" ]', name);
}

/**
 * The one point of no return: a single command that looks at the deployments once more, leaves its mark and reboots (and unlocks,
 * where the finalization is locked). Undefined when it was sent, or may have been: then only what the host does tells. Otherwise
 * nothing was sent.
 */
export async function commit(
  step: RebootStep,
  journey: Journey,
  name: string,
  context: StepContext,
): Promise<Outcome | undefined> {
  const words = rebootCommand(step);
  const isOurs = step.activates?.unlock === undefined ? '' : 'ours';
  const command: Command = { ...words, argv: script(COMMIT, name, journey.expected, isOurs, ...words.argv).argv };
  const { as, signal } = context;
  const { ending, stdout, stderr } = await context.session.run(command, { as, signal, deadlineMs: 60_000 });
  const code = exitCode(ending);
  if (code === null || code === 0) return undefined;
  if (code === FOREIGN) return { result: 'foreign_stage', found: stdout.trim() };
  if (code === BLOCKED) return { result: 'blocked' };
  return { result: 'refused', code, said: stderr.trim().slice(-300) };
}

// What was unlocked and cannot be rebooted is locked again, so that nothing boots it by accident.
const UNLOCK_AND_REBOOT = `ostree admin lock-finalization -u || exit
systemctl reboot && exit
code=$?
ostree admin lock-finalization
exit "$code"`;

function rebootCommand({ command, activates }: RebootStep): Command {
  if (command !== undefined) return command;
  if (activates?.unlock === undefined) return cmd('systemctl', 'reboot');
  const { checksum, tool } = activates.unlock;
  if (tool === 'ostree') return script(UNLOCK_AND_REBOOT);
  return cmd('rpm-ostree', 'finalize-deployment', checksum ?? '--allow-missing-checksum');
}
