import { exitCode } from '../../core/answer.ts';
import { script } from '../../core/command.ts';
import type { RebootStep } from '../../core/step.ts';
import type { StepContext } from '../step-context.ts';
import type { Outcome } from './outcome.ts';

// By exact deployment: its place in the list is looked up in the same command. Before 2023.6 ostree cannot do that; then rpm-ostree's
// own rollback does, or that of bootc where it is alone; the commit checks again before it reboots.
const PUT_FIRST = `ids=$(ostree admin status | sed -n 's/^[* ] \\([^ ]*\\) \\([0-9a-f]\\{64\\}\\.[0-9][0-9]*\\).*/\\1-\\2/p')
at=0
for id in $ids; do
  if [ "$id" = "$1" ]; then
    [ "$at" = 0 ] && exit 0
    ostree admin set-default "$at" || if command -v rpm-ostree >/dev/null 2>&1; then rpm-ostree rollback; else bootc rollback; fi
    exit
  fi
  at=$((at + 1))
done
exit 3`;

/** Puts a deployment first in boot order; an outcome when that failed and nothing else was done. */
export async function putFirst(id: string, context: StepContext): Promise<Outcome | undefined> {
  const { as, signal } = context;
  const { ending, stderr } = await context.session.run(script(PUT_FIRST, id), { as, signal, deadlineMs: 120_000 });
  const code = exitCode(ending);
  if (code === 0) return undefined;
  const said = code === 3 ? 'the deployment of before is gone' : stderr.trim().slice(-300);
  return { result: 'refused', code: code ?? -1, said };
}

/** The step that boots the deployment of before; proven as the first one was, and never followed by another. */
export function rollbackStep(step: RebootStep, id: string): RebootStep {
  const { rollback: _rollback, command: _command, ...rest } = step;
  return { ...rest, say: 'go back to the deployment of before and prove it', activates: { id } };
}
