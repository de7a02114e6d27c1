import { exitCode } from '../../core/answer.ts';
import type { Command } from '../../core/command.ts';
import type { TaskRef } from '../../core/events.ts';
import { fault, Fault, type Problem } from '../../core/problem.ts';
import type { Step } from '../../core/step.ts';
import { bindArgs } from '../../playbook/bind.ts';
import { GuardParams } from '../../playbook/guard.ts';
import type { Task } from '../../playbook/types.ts';
import type { Identity } from '../../session/session.ts';
import type { HostRun } from '../host-run.ts';
import { identityOf } from '../identity.ts';
import type { PlayRun } from '../play-run.ts';
import { taskScope, type Locals } from '../scope.ts';
import { armCommand, keepCommand, SAYS } from './host-scripts.ts';
import type { StepGuard } from './types.ts';

/** The window around one guarded block on one host. It opens with the first step; a block without steps has none. */
export interface Guard extends StepGuard {
  readonly task: Task;
  readonly ref: TaskRef;
  /** Its name on the host. */
  readonly name: string;
  /** What was bound, once something of it was needed. */
  readonly bound: () => Promise<Bound>;
  /** `foreseen` is a window that a real run would have opened. */
  state: 'closed' | 'foreseen' | 'open';
  /** Paths of which copies are kept, in the order in which they were named. */
  readonly paths: Set<string>;
  /** When its time last began anew, on copse's clock. */
  renewed: number;
}

/** A guard's values, and who acts for it. */
export interface Bound {
  readonly want: GuardParams;
  readonly as: Identity;
}

/** Where a guard stands. */
export interface GuardParts {
  readonly task: Task;
  readonly ref: TaskRef;
  readonly run: HostRun;
  readonly play: PlayRun;
  readonly locals: Locals;
  /** Tasks in its block that may boot another deployment. */
  readonly deployments: boolean;
  readonly forgets: boolean;
}

/** A guard that is not open yet. */
export function createGuard(parts: GuardParts): Guard {
  const { task, ref, run, play } = parts;
  let binding: Promise<Bound> | undefined;
  const guard: Guard = {
    task,
    ref,
    name: `${play.request.options.run}-${task.id}-${ref.turn}`.replaceAll(/[^A-Za-z0-9._-]/g, '_'),
    forgets: parts.forgets,
    state: 'closed',
    paths: new Set(),
    renewed: Number.NEGATIVE_INFINITY,
    bound: () => (binding ??= bind(parts)),
    async foresee(steps, check) {
      if (steps.every((step) => step.do === 'wait')) return [];
      if (run.facts?.systemd.version === 0 && run.facts.kernel !== '') return [noSystemd(task)];
      const { want } = await guard.bound();
      for (const path of [...want.files, ...steps.flatMap(pathsOf)]) guard.paths.add(path);
      if (check && guard.state === 'closed') guard.state = 'foreseen';
      return [];
    },
    async before(step) {
      if (step.do === 'wait') return;
      if (guard.state !== 'open') await open(guard, parts);
      const { want } = await guard.bound();
      const paths = [...want.files, ...pathsOf(step)];
      for (const path of paths) guard.paths.add(path);
      await sent(keepCommand(guard.name, paths), guard, parts);
    },
    renew: () => renew(guard, parts),
    during: (work) => during(work, guard, parts),
  };
  return guard;
}

/** A window that is over by now is noticed before the next step. */
async function renew(guard: Guard, parts: GuardParts): Promise<void> {
  const { clock } = parts.play.deps;
  const { want } = await guard.bound();
  // Often asked while a boot is proven: each time costs the host a few processes.
  if (guard.state !== 'open' || clock.elapsed() - guard.renewed < want.within / 4) return;
  guard.renewed = clock.elapsed();
  try {
    await sent(keepCommand(guard.name, []), guard, parts);
  } catch (error) {
    parts.play.deps.signal.throwIfAborted();
    if (!(error instanceof Fault)) throw error;
  }
}

async function during<T>(work: () => Promise<T>, guard: Guard, parts: GuardParts): Promise<T> {
  const { clock, signal } = parts.play.deps;
  const { want } = await guard.bound();
  const over = new AbortController();
  const ended = AbortSignal.any([signal, over.signal]);
  const keepOpen = async (): Promise<void> => {
    while (!ended.aborted) {
      await clock.sleep(want.within / 3, ended);
      await renew(guard, parts);
    }
  };
  const kept = keepOpen().catch((error: unknown) => {
    if (!ended.aborted) throw error;
  });
  try {
    return await work();
  } finally {
    over.abort();
    await kept;
  }
}

/** Goes on with a window that an earlier copse opened: the time runs anew. */
export async function adopt(guard: Guard, parts: GuardParts): Promise<void> {
  await sent(keepCommand(guard.name, []), guard, parts);
  guard.state = 'open';
}

async function bind({ task, run, play, locals }: GuardParts): Promise<Bound> {
  const scope = taskScope(task, run, play, locals);
  const { want } = await bindArgs(task, scope, { readFile: play.deps.readFile });
  // The schema of the keyword gave it.
  return { want: want as GuardParams, as: identityOf(task, run, play.deps.specOf(run.host), scope) };
}

async function open(guard: Guard, parts: GuardParts): Promise<void> {
  const { deps } = parts.play;
  const { want } = await guard.bound();
  const { within: withinMs, undo, reload, restart } = want;
  await deps.emit({ type: 'guard', ref: guard.ref, state: 'arming', withinMs });
  const wish = { withinMs, undo, reload, restart, deployments: parts.deployments };
  await sent(armCommand(guard.name, wish), guard, parts);
  guard.state = 'open';
  await deps.emit({ type: 'guard', ref: guard.ref, state: 'armed', withinMs });
}

async function sent(command: Command, guard: Guard, { run, play, task }: GuardParts): Promise<void> {
  const { as } = await guard.bound();
  const { ending, stdout, stderr } = await run.session.run(command, {
    as,
    signal: play.deps.signal,
    deadlineMs: 120_000,
  });
  const code = exitCode(ending);
  if (code === 0) return;
  if (ending.how === 'lost') {
    const message = `the connection was lost (${ending.reason}) before the change could be guarded; the change was not sent`;
    throw fault({ code: 'E_LOST', message, hint: 'run the playbook again', at: task.at });
  }
  const said = code === SAYS.notSaved || code === SAYS.otherGuard ? stdout.trim() : stderr.trim().slice(-300);
  throw fault({ ...problemOf(code, said), at: task.at });
}

function problemOf(code: number | null, said: string): Problem {
  switch (code) {
    case SAYS.otherGuard:
      return {
        code: 'E_BUSY',
        message: `another guard is open on the host (${said}); nothing was changed`,
        hint: 'it ends when its copse confirms, or the host undoes it by itself: wait, then run the playbook again',
      };
    case SAYS.notRoot:
      return {
        code: 'E_BECOME',
        message: 'a guard needs root on the host',
        hint: 'add "become: true" to the block or the play',
      };
    case SAYS.noSystemd:
      return { code: 'E_UNSUPPORTED', message: NO_SYSTEMD, hint: NO_SYSTEMD_HINT };
    case SAYS.gone:
      return {
        code: 'E_GUARD',
        message: 'the host undid the change meanwhile: the time of the guard was over before the next step',
        hint: 'this step was not sent; give the guard a longer "within", then run the playbook again',
      };
    case SAYS.notSaved:
      return {
        code: 'E_GUARD',
        message: `no copy of "${said}" could be kept on the host, so the change was not made`,
        hint: 'see whether /var of the host is full: df -h /var',
      };
    default:
      return {
        code: 'E_GUARD',
        message: `the host could not be made to undo by itself (exit ${code ?? 'none'}): ${said}`,
        hint: 'the change was not made; look at /var/lib/copse/guard and "systemctl status" on the host',
      };
  }
}

const NO_SYSTEMD = 'the host has no systemd, so it could not undo the change by itself; nothing was changed';
const NO_SYSTEMD_HINT = 'take "guard" out of the block for this host, with a "when" of its own';

function noSystemd({ at }: Task): Problem {
  return { code: 'E_UNSUPPORTED', message: NO_SYSTEMD, hint: NO_SYSTEMD_HINT, at };
}

function pathsOf(step: Step): readonly string[] {
  return [...(step.do === 'put' ? [step.path] : []), ...(step.touches ?? [])];
}
