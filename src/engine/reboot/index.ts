import { exitCode, type Outcome } from '../../core/answer.ts';
import { cmd, script, type Command } from '../../core/command.ts';
import type { Problem } from '../../core/problem.ts';
import type { RebootStep } from '../../core/step.ts';
import type { StepContext } from '../step.ts';
import { judgeBoot, type BeforeBoot } from './judge.ts';
import { nextDeployment, readBootState, type BootState } from './observe.ts';
import { waitForBoot, waitReady } from './wait.ts';

/** Marks on the host that a reboot was sent: in /run, so that the boot itself takes it away. */
const MARKED = script('[ -e "/run/copse-reboot-$1" ]');

/**
 * Reboots a host exactly once and proves it: the boot id is new, and the deployment that was first in boot order before
 * is the one that runs. A reboot that an earlier copse announced is observed first and never sent twice. Returns the problem that
 * a person must act on, or undefined when proven.
 */
export async function rebootHost(step: RebootStep, index: number, context: StepContext): Promise<Problem | undefined> {
  const now = await readBootState(context);
  const announced = context.flight?.reboot;
  if (announced !== undefined) {
    const before: BeforeBoot = { from: announced.from, expected: announced.expected, failed: undefined };
    if (now.bootId !== announced.bootId) return prove(step, before, now, context);
    if (await wasSent(context.flight?.name ?? '', context)) return follow(step, before, announced.bootId, context);
  }
  const from = now.ostree?.booted.id ?? '';
  const expected = nextDeployment(now.ostree)?.id ?? '';
  await context.emit({ type: 'reboot-intent', ref: context.ref, step: index, bootId: now.bootId, from, expected });
  const sent = await context.session.run(marking(step.command ?? cmd('systemctl', 'reboot'), context.stepName(index)), {
    as: context.as,
    signal: context.signal,
    deadlineMs: 60_000,
  });
  const refused = refusal(sent);
  if (refused !== undefined) return refused;
  context.onReboot();
  return follow(step, { from, expected, failed: now.failed }, now.bootId, context);
}

/** The command that reboots, with the mark made first. */
function marking(command: Command, name: string): Command {
  const text = ': >"/run/copse-reboot-$1" || exit 125; shift; exec "$@"';
  return { ...command, argv: script(text, name, ...command.argv).argv };
}

async function wasSent(name: string, context: StepContext): Promise<boolean> {
  const question = { ...MARKED, argv: [...MARKED.argv, name] as Command['argv'] };
  const answers = await context.session.ask({ marked: question }, context.as, context.signal);
  return answers['marked']?.code === 0;
}

/** An exit code that is not 0 on a link that still lives is a refusal; everything else is judged by what the host does. */
function refusal({ ending, stderr }: Outcome): Problem | undefined {
  const code = exitCode(ending);
  if (code === null || code === 0) return undefined;
  return {
    code: 'E_REBOOT',
    message: `the host refused to reboot (exit ${code}): ${stderr.trim().slice(-300)}`,
    hint: 'nothing was rebooted; "systemd-inhibit --list" on the host shows who holds it',
  };
}

async function follow(
  step: RebootStep,
  before: BeforeBoot,
  bootId: string,
  context: StepContext,
): Promise<Problem | undefined> {
  await context.session.drop();
  const after = await waitForBoot(step, bootId, context);
  return 'code' in after ? after : prove(step, before, after, context);
}

async function prove(
  step: RebootStep,
  before: BeforeBoot,
  after: BootState,
  context: StepContext,
): Promise<Problem | undefined> {
  return (await waitReady(step, context)) ?? judgeBoot(before, after, context);
}
